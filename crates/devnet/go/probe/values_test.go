package main

import "testing"

func TestBytesInJSON(t *testing.T) {
	for bytes, expected := range map[string]string{
		"":                 `""`,
		"plain":            `"plain"`,
		"<&> \"q\" \u00e9": `"<&> \"q\" é"`,
		"\xff\x00":         `{"base64":"/wA="}`,
		"half \xc3":        `{"base64":"aGFsZiDD"}`,
	} {
		text, err := jsonOf(jsonOfBytes([]byte(bytes)))
		if err != nil || string(text) != expected {
			t.Errorf("%q: %s, %v", bytes, text, err)
		}
	}
}
