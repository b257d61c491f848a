package main

import (
	"encoding/hex"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"google.golang.org/protobuf/proto"
)

// decodeResults reads what was read and written.
func (t *transaction) decodeResults(bytes []byte) error {
	var results rwset.TxReadWriteSet
	if err := proto.Unmarshal(bytes, &results); err != nil {
		return err
	}
	for _, namespace := range results.GetNsRwset() {
		contract := namespace.GetNamespace()
		var public kvrwset.KVRWSet
		if err := proto.Unmarshal(namespace.GetRwset(), &public); err != nil {
			return err
		}
		t.addPublic(contract, &public)
		for _, hashed := range namespace.GetCollectionHashedRwset() {
			if err := t.addCollection(contract, hashed); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *transaction) addPublic(contract string, public *kvrwset.KVRWSet) {
	for _, read := range public.GetReads() {
		version := read.GetVersion()
		t.reads = append(t.reads, keyRead{
			contract: contract,
			key:      read.GetKey(),
			exists:   version != nil,
			block:    version.GetBlockNum(),
			index:    version.GetTxNum(),
		})
	}
	for _, read := range public.GetRangeQueriesInfo() {
		shown := rangeRead{contract: contract, from: read.GetStartKey(), to: read.GetEndKey(), exhausted: read.GetItrExhausted()}
		for _, found := range read.GetRawReads().GetKvReads() {
			shown.keys = append(shown.keys, found.GetKey())
		}
		t.rangeReads = append(t.rangeReads, shown)
	}
	for _, write := range public.GetWrites() {
		t.writes = append(t.writes, keyWrite{contract: contract, key: write.GetKey(), value: write.GetValue(), delete: write.GetIsDelete()})
	}
	for _, write := range public.GetMetadataWrites() {
		shown := metadataWrite{contract: contract, key: write.GetKey()}
		for _, entry := range write.GetEntries() {
			shown.names = append(shown.names, entry.GetName())
		}
		t.metadata = append(t.metadata, shown)
	}
}

func (t *transaction) addCollection(contract string, hashed *rwset.CollectionHashedReadWriteSet) error {
	var private kvrwset.HashedRWSet
	if err := proto.Unmarshal(hashed.GetHashedRwset(), &private); err != nil {
		return err
	}
	shown := collection{
		contract: contract,
		name:     hashed.GetCollectionName(),
		hash:     hex.EncodeToString(hashed.GetPvtRwsetHash()),
		reads:    len(private.GetHashedReads()),
	}
	for _, write := range private.GetHashedWrites() {
		shown.writes = append(shown.writes, privateWrite{
			keyHash:   hex.EncodeToString(write.GetKeyHash()),
			valueHash: hex.EncodeToString(write.GetValueHash()),
			delete:    write.GetIsDelete(),
			purge:     write.GetIsPurge(),
		})
	}
	t.collections = append(t.collections, shown)
	return nil
}
