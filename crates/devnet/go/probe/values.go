package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// jsonOfBytes is how bytes stand in JSON: as a string where they are UTF-8, else as {"base64": "..."}.
func jsonOfBytes(value []byte) any {
	if utf8.Valid(value) {
		return string(value)
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(value)}
}

// jsonOf is JSON without a line end, the same bytes on every endorser.
func jsonOf(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// What is stored is shown as it is: no page is made of it here.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
