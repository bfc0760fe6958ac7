package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// incidentKinds are those of the incidents that are open.
func (d *desk) incidentKinds() (kinds []toll.IncidentKind) {
	for _, i := range d.book.Incidents() {
		kinds = append(kinds, i.Kind)
	}
	return kinds
}

// A call that nothing ends blows the main fuse and is told of, once; when it has
// ended after all, that trouble is over.
func TestACallThatCannotBeCut(t *testing.T) {
	d := newDesk(t)
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	d.event(toll.CutFailed, "", l.ID)
	if kinds := d.incidentKinds(); len(kinds) > 0 {
		t.Fatalf("nobody wanted it cut, and there is %v", kinds)
	}
	orders, _, _ := d.book.Cut(d.now, l.ID, toll.ReasonManual, "owner")
	if len(orders) != 1 || orders[0].Ordered != 0 {
		t.Fatalf("orders %+v", orders)
	}
	orders = d.pass(10 * time.Second)
	if last := orders[len(orders)-1]; last.Kind != toll.OrderCut || last.Ordered != 10*time.Second {
		t.Fatalf("ordered again: %+v", last)
	}
	for range 3 {
		d.event(toll.CutFailed, "", l.ID)
	}
	if _, blown := d.book.Fuse(); !blown {
		t.Error("the fuse has not blown")
	}
	kinds := d.incidentKinds()
	if n := len(slices.DeleteFunc(slices.Clone(kinds), func(k toll.IncidentKind) bool { return k != toll.CutTrouble })); n != 1 {
		t.Errorf("incidents %v", kinds)
	}
	d.hangUp(l)
	d.pass(time.Hour)
	if kinds := d.incidentKinds(); slices.Contains(kinds, toll.CutTrouble) {
		t.Errorf("it is over, and there is %v", kinds)
	}
}

// The trouble is over as well if the call ended while the daemon was away.
func TestACallThatCouldNotBeCutIsForgotten(t *testing.T) {
	d := newDesk(t)
	d.book.incidents.Begin(d.now, toll.CutTrouble, "pbx1", "call 1-1 was to be hung up")
	d.book.Begin(d.now)
	d.pass(time.Hour)
	if kinds := d.incidentKinds(); len(kinds) > 0 {
		t.Errorf("open: %v", kinds)
	}
}
