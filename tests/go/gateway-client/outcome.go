package main

import (
	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"
)

// commit is where a transaction stands and whether it counts.
type commit struct {
	TransactionID string `json:"transaction_id"`
	BlockNumber   uint64 `json:"block_number"`
	// Fabric's name of the code, such as VALID or MVCC_READ_CONFLICT.
	ValidationCode string `json:"validation_code"`
}

func commitOf(status *client.Status) *commit {
	return &commit{
		TransactionID:  status.TransactionID,
		BlockNumber:    status.BlockNumber,
		ValidationCode: status.Code.String(),
	}
}

// failure is why there is no result. What does not apply is absent.
type failure struct {
	// gRPC's name of the status, such as ABORTED.
	Status        string   `json:"status,omitempty"`
	Message       string   `json:"message"`
	Details       []detail `json:"details,omitempty"`
	TransactionID string   `json:"transaction_id,omitempty"`
	// Of a transaction that stands in a block and does not count.
	ValidationCode string  `json:"validation_code,omitempty"`
	BlockNumber    *uint64 `json:"block_number,omitempty"`
}

// detail is what one node said.
type detail struct {
	Address string `json:"address"`
	MSPID   string `json:"msp_id"`
	Message string `json:"message"`
}

func failureOf(err error, transactionID string) *failure {
	said, isStatus := status.FromError(err)
	if !isStatus {
		return &failure{Message: err.Error(), TransactionID: transactionID}
	}
	failed := &failure{
		Status:        code.Code(said.Code()).String(),
		Message:       said.Message(),
		TransactionID: transactionID,
	}
	for _, any := range said.Details() {
		if node, isNode := any.(*gateway.ErrorDetail); isNode {
			failed.Details = append(failed.Details, detail{
				Address: node.GetAddress(),
				MSPID:   node.GetMspId(),
				Message: node.GetMessage(),
			})
		}
	}
	return failed
}

func invalid(made *commit) *failure {
	return &failure{
		Message:        "the transaction stands in a block, but does not count",
		TransactionID:  made.TransactionID,
		ValidationCode: made.ValidationCode,
		BlockNumber:    &made.BlockNumber,
	}
}
