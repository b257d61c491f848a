package main

import (
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

func decodeBlock(bytes []byte, known identities) (*block, error) {
	var message common.Block
	if err := proto.Unmarshal(bytes, &message); err != nil {
		return nil, err
	}
	header := message.GetHeader()
	der, err := asn1.Marshal(struct {
		Number                 *big.Int
		PreviousHash, DataHash []byte
	}{new(big.Int).SetUint64(header.GetNumber()), header.GetPreviousHash(), header.GetDataHash()})
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(der)
	envelopes := message.GetData().GetData()
	shown := &block{
		number:       header.GetNumber(),
		hash:         hex.EncodeToString(hash[:]),
		previousHash: hex.EncodeToString(header.GetPreviousHash()),
		dataHash:     hex.EncodeToString(header.GetDataHash()),
		transactions: make([]transaction, len(envelopes)),
	}
	var codes []byte
	if parts := message.GetMetadata().GetMetadata(); len(parts) > int(common.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		codes = parts[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
	}
	for index, envelope := range envelopes {
		transaction := &shown.transactions[index]
		if index < len(codes) {
			transaction.code = int32(codes[index])
			transaction.codeName = peer.TxValidationCode_name[transaction.code]
		}
		if err := transaction.decode(envelope, known); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

func (t *transaction) decode(bytes []byte, known identities) error {
	var envelope common.Envelope
	if err := proto.Unmarshal(bytes, &envelope); err != nil {
		return err
	}
	var payload common.Payload
	if err := proto.Unmarshal(envelope.GetPayload(), &payload); err != nil {
		return err
	}
	var channel common.ChannelHeader
	if err := proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &channel); err != nil {
		return err
	}
	var signature common.SignatureHeader
	if err := proto.Unmarshal(payload.GetHeader().GetSignatureHeader(), &signature); err != nil {
		return err
	}
	t.id, t.channel, t.kind = channel.GetTxId(), channel.GetChannelId(), common.HeaderType_name[channel.GetType()]
	t.version, t.epoch = channel.GetVersion(), channel.GetEpoch()
	t.nonce, t.tlsHash = hex.EncodeToString(signature.GetNonce()), hex.EncodeToString(channel.GetTlsCertHash())
	t.time = channel.GetTimestamp().AsTime()
	if len(signature.GetCreator()) > 0 {
		creator, err := known.decode(signature.GetCreator())
		if err != nil {
			return err
		}
		t.creator = creator
	}
	if common.HeaderType(channel.GetType()) != common.HeaderType_ENDORSER_TRANSACTION {
		return nil
	}
	return t.decodeCall(payload.GetData(), known)
}

func (t *transaction) decodeCall(bytes []byte, known identities) error {
	var transaction peer.Transaction
	if err := proto.Unmarshal(bytes, &transaction); err != nil {
		return err
	}
	if len(transaction.GetActions()) == 0 {
		return nil
	}
	var payload peer.ChaincodeActionPayload
	if err := proto.Unmarshal(transaction.GetActions()[0].GetPayload(), &payload); err != nil {
		return err
	}
	var proposal peer.ChaincodeProposalPayload
	if err := proto.Unmarshal(payload.GetChaincodeProposalPayload(), &proposal); err != nil {
		return err
	}
	var invocation peer.ChaincodeInvocationSpec
	if err := proto.Unmarshal(proposal.GetInput(), &invocation); err != nil {
		return err
	}
	t.contract = invocation.GetChaincodeSpec().GetChaincodeId().GetName()
	t.isInit = invocation.GetChaincodeSpec().GetInput().GetIsInit()
	if arguments := invocation.GetChaincodeSpec().GetInput().GetArgs(); len(arguments) > 0 {
		t.function, t.arguments = string(arguments[0]), arguments[1:]
	}
	for _, endorsement := range payload.GetAction().GetEndorsements() {
		endorser, err := known.decode(endorsement.GetEndorser())
		if err != nil {
			return err
		}
		t.endorsers = append(t.endorsers, endorser)
	}
	var response peer.ProposalResponsePayload
	if err := proto.Unmarshal(payload.GetAction().GetProposalResponsePayload(), &response); err != nil {
		return err
	}
	t.proposal = hex.EncodeToString(response.GetProposalHash())
	var action peer.ChaincodeAction
	if err := proto.Unmarshal(response.GetExtension(), &action); err != nil {
		return err
	}
	t.status, t.message, t.payload = action.GetResponse().GetStatus(), action.GetResponse().GetMessage(), action.GetResponse().GetPayload()
	t.codeVersion = action.GetChaincodeId().GetVersion()
	if len(action.GetEvents()) > 0 {
		var set peer.ChaincodeEvent
		if err := proto.Unmarshal(action.GetEvents(), &set); err != nil {
			return err
		}
		t.event = &event{contract: set.GetChaincodeId(), name: set.GetEventName(), payload: set.GetPayload()}
	}
	return t.decodeResults(action.GetResults())
}
