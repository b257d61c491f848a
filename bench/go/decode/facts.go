package main

// facts counts what was found in blocks.
type facts struct {
	Blocks       int `json:"blocks"`
	Transactions int `json:"transactions"`
	Valid        int `json:"valid"`
	Endorsers    int `json:"endorsers"`
	Reads        int `json:"reads"`
	Writes       int `json:"writes"`
	Events       int `json:"events"`
	// Of names and values in all of them.
	Bytes int `json:"bytes"`
}

func (f *facts) add(block *block) {
	f.Blocks++
	f.Transactions += len(block.transactions)
	f.Bytes += len(block.hash)
	for index := range block.transactions {
		f.addTransaction(&block.transactions[index])
	}
}

func (f *facts) addTransaction(shown *transaction) {
	if shown.code == 0 {
		f.Valid++
	}
	f.Bytes += len(shown.id) + len(shown.channel) + len(shown.kind) + len(shown.nonce) + len(shown.tlsHash)
	f.Bytes += len(shown.codeName) + len(shown.proposal) + len(shown.message) + len(shown.codeVersion)
	f.Bytes += len(shown.contract) + len(shown.function) + len(shown.payload)
	for _, argument := range shown.arguments {
		f.Bytes += len(argument)
	}
	f.Endorsers += len(shown.endorsers)
	f.addCreator(shown.creator)
	for _, endorser := range shown.endorsers {
		f.addCreator(endorser)
	}
	f.Reads += len(shown.reads)
	for _, read := range shown.reads {
		f.Bytes += len(read.contract) + len(read.key) + int(read.block)
	}
	f.Writes += len(shown.writes)
	for _, write := range shown.writes {
		f.Bytes += len(write.contract) + len(write.key) + len(write.value)
	}
	if shown.event != nil {
		f.Events++
		f.Bytes += len(shown.event.name) + len(shown.event.payload)
	}
}

func (f *facts) addCreator(creator *creator) {
	if creator != nil {
		f.Bytes += len(creator.organization) + len(creator.enrollmentID) + len(creator.sha256) + len(creator.attributes)
	}
}
