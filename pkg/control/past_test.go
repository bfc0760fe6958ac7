package control

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (a actor) Remember(ctx context.Context, in admin.PastImport) (admin.PastReport, error) {
	return admin.PastReport{Imported: true, New: in.Called}, a.patient(ctx, "remember "+in.About.File, 50*time.Second)
}

// A past of many callers is longer than other requests, and may take its time.
func TestRememberMuch(t *testing.T) {
	s := &script{}
	_, path := serve(t, s)
	c := NewClient(path)
	defer c.Close()
	in := admin.PastImport{About: toll.Past{PBX: "pbx", File: "Master.csv"}}
	for range 50_000 {
		in.Called = append(in.Called, toll.Called{Scope: toll.PerCaller, Subject: "1001", Country: "GB", First: moment})
	}
	report, err := c.Remember(t.Context(), in)
	if err != nil || !report.Imported || !reflect.DeepEqual(report.New, in.Called) {
		t.Errorf("imported %v, %d facts, %v", report.Imported, len(report.New), err)
	}
}
