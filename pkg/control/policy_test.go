package control

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (a actor) ImportPolicy(_ context.Context, in admin.PolicyImport) (admin.PolicyReport, error) {
	return admin.PolicyReport{
		Imported: true, Changes: []admin.PolicyChange{{Before: &theSetting}, {After: &theSetting}},
		Wrong: []admin.PolicyFault{{Setting: 3, Text: "no", Hint: "yes"}},
	}, a.note(in)
}

// TestPolicyCrosses carries a thousand rules with long comments, far more than
// any other request may hold.
func TestPolicyCrosses(t *testing.T) {
	s := &script{}
	_, path := serve(t, s)
	in := admin.PolicyImport{Locks: true, Keep: true, DryRun: true}
	for range 1000 {
		in.Settings = append(in.Settings, toll.Setting{Rule: &toll.Rule{ID: "a", Do: toll.Forbid, Comment: strings.Repeat("x", 200)}})
	}
	want, _ := actor{"", &script{}}.ImportPolicy(t.Context(), in)
	got, err := client(t, path).ImportPolicy(t.Context(), in)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(s.asked) != 1 || !reflect.DeepEqual(s.asked[0], in) {
		t.Error("the service was asked for something else")
	}
}
