package watch

import (
	"context"
	"errors"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/calls"
)

// pjsip begins the name of a channel of chan_pjsip.
const pjsip = "PJSIP/"

// What chan_pjsip says of a channel (Asterisk's CHANNEL function; seen on 16 and
// 22). Of a leg that Asterisk began the first is empty, and the second names the
// number and host that it was sent to, also after its answer.
const (
	requestURI = "CHANNEL(pjsip,request_uri)"
	remoteURI  = "CHANNEL(pjsip,remote_uri)"
)

// sentTo asks where a leg was sent, which a dial string without a host does not
// say: "1001" is wherever that phone has registered from. It is false for what
// cannot be known, such as a leg of another channel driver.
func (w *Watcher) sentTo(ctx context.Context, ch calls.Channel) (dialled, bool) {
	uri, ok := w.ask(ctx, ch, remoteURI)
	if !ok {
		return dialled{}, false
	}
	if i := strings.LastIndexByte(uri, '<'); i >= 0 {
		uri, _, _ = strings.Cut(uri[i+1:], ">")
	}
	if uriAt(uri) != 0 {
		return dialled{}, false
	}
	return parseURI(uri), true
}

// ask reads a variable of a channel of chan_pjsip. Events wait meanwhile, so after an
// answer that did not come in time nothing more is asked until the next picture, which is due
// then and looks at every leg again.
func (w *Watcher) ask(ctx context.Context, ch calls.Channel, variable string) (string, bool) {
	if !strings.HasPrefix(ch.Name, pjsip) {
		return "", false
	}
	if w.mute {
		w.doubt = true
		return "", false
	}
	short, cancel := context.WithTimeout(ctx, markWait)
	defer cancel()
	value, err := w.client.Getvar(short, ch.Uniqueid, variable)
	if err != nil && !errors.Is(err, ami.ErrNoSuchChannel) {
		w.doubt = true
		w.mute = w.mute || errors.Is(err, context.DeadlineExceeded)
		w.options.Log.Warn("where a leg was sent cannot be read", "pbx", w.options.PBX, "channel", ch.Uniqueid, "error", err)
	}
	return known(value), err == nil
}

// byAddress tells whether any trunk is known by an address.
func (w *Watcher) byAddress() bool {
	for _, t := range w.options.Trunks {
		if len(t.Addresses) > 0 {
			return true
		}
	}
	return false
}
