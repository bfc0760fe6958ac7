package doctor

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/config"
)

func TestLook(t *testing.T) {
	dir := t.TempDir()
	if got, want := Look(dir), (Survey{Manager: "127.0.0.1:5038"}); !reflect.DeepEqual(got, want) {
		t.Errorf("an empty folder: %+v", got)
	}
	for name, text := range map[string]string{
		"manager.conf": "[general]\nenabled = yes\nport = 5039\nbindaddr = 0.0.0.0\n[someone]\nport = 1\n",
		"pjsip.conf": `[phone](!)
type = endpoint
[1002](phone)
[1001](phone)
aors = 1001
[1001]
type = aor
max_contacts = 1
contact = sip:1001@192.0.2.9
[anonymous]
type = endpoint
[carrier]
type = endpoint
aors = carrier
[carrier]
type = aor
contact = sip:203.0.113.7:5060
[carrier]
type = identify
endpoint = carrier
match = 203.0.113.7,198.51.100.0/24
#include trunks/*.conf
`,
		"trunks/backup.conf": "[reg]\ntype=registration\nendpoint=backup\nserver_uri=sip:sip.example.net\\;transport=tcp\n[backup]\ntype=endpoint\n",
		"pjsip_wizard.conf":  "[wizard]\ntype = wizard\nremote_hosts = 192.0.2.1:5060\n",
		"iax.conf":           "[old]\ntype = peer\nhost = 192.0.2.2\n[2001]\ntype = friend\nhost = dynamic\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := Survey{
		Trunks: []config.Trunk{
			{Name: "IAX2/old", Addresses: []string{"192.0.2.2"}},
			{Name: "backup", Addresses: []string{"sip.example.net"}},
			{Name: "carrier", Addresses: []string{"203.0.113.7", "198.51.100.0/24"}},
			{Name: "wizard", Addresses: []string{"192.0.2.1"}},
		},
		Phones: []string{"1001", "1002", "2001"}, Manager: "127.0.0.1:5039", ManagerOn: true,
	}
	if got := Look(dir); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
