package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestSettingsWithoutTLS(t *testing.T) {
	settings, err := readSettings(environment(map[string]string{
		"CHAINCODE_SERVER_ADDRESS": "127.0.0.1:9999",
		"CHAINCODE_ID":             "probe:0a1b",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if settings.address != "127.0.0.1:9999" || settings.packageID != "probe:0a1b" || !settings.tls.Disabled {
		t.Errorf("%+v", settings)
	}
}

func TestSettingsWithTLS(t *testing.T) {
	folder := t.TempDir()
	keyFile, certFile := filepath.Join(folder, "key.pem"), filepath.Join(folder, "cert.pem")
	for file, text := range map[string]string{keyFile: "the key", certFile: "the certificate"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := readSettings(environment(map[string]string{
		"CHAINCODE_SERVER_ADDRESS": "127.0.0.1:9999",
		"CHAINCODE_ID":             "probe:0a1b",
		"CHAINCODE_TLS_KEY":        keyFile,
		"CHAINCODE_TLS_CERT":       certFile,
	}))
	if err != nil {
		t.Fatal(err)
	}
	tls := settings.tls
	if tls.Disabled || string(tls.Key) != "the key" || string(tls.Cert) != "the certificate" || tls.ClientCACerts != nil {
		t.Errorf("%+v", tls)
	}
}

func TestSettingsThatAreMissingAreNamed(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere.pem")
	complete := map[string]string{"CHAINCODE_SERVER_ADDRESS": "127.0.0.1:9999", "CHAINCODE_ID": "probe:0a1b"}
	for _, example := range []struct {
		name, value string
		start       string
	}{
		{"CHAINCODE_SERVER_ADDRESS", "", "the environment variable CHAINCODE_SERVER_ADDRESS is not set"},
		{"CHAINCODE_ID", "", "the environment variable CHAINCODE_ID is not set"},
		{"CHAINCODE_TLS_KEY", nowhere, "of CHAINCODE_TLS_KEY and CHAINCODE_TLS_CERT one is set"},
		{"CHAINCODE_TLS_CERT", nowhere, "of CHAINCODE_TLS_KEY and CHAINCODE_TLS_CERT one is set"},
	} {
		_, err := readSettings(func(name string) string {
			if name == example.name {
				return example.value
			}
			return complete[name]
		})
		if err == nil || !strings.HasPrefix(err.Error(), example.start) {
			t.Errorf("%s: %v", example.name, err)
		}
	}
}

func TestTLSFilesThatCannotBeReadAreNamed(t *testing.T) {
	folder := t.TempDir()
	there, nowhere := filepath.Join(folder, "there.pem"), filepath.Join(folder, "nowhere.pem")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := readTLS(nowhere, there)
	if err == nil || !strings.HasPrefix(err.Error(), "CHAINCODE_TLS_KEY: open "+nowhere) {
		t.Error(err)
	}
	_, err = readTLS(there, nowhere)
	if err == nil || !strings.HasPrefix(err.Error(), "CHAINCODE_TLS_CERT: open "+nowhere) {
		t.Error(err)
	}
}
