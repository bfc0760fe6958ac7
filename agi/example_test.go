package agi_test

import (
	"context"
	"fmt"
	"net"

	"github.com/tollfuse/tollfuse/agi"
)

// A server that lets nobody dial premium numbers, and the call that asks it.
// In the dialplan that is AGI(agi://127.0.0.1:4573/screen,number=${FILTER(0-9,${EXTEN})}).
func Example() {
	screen := func(ctx context.Context, s *agi.Session) error {
		args, err := s.Request.NamedArgs()
		if err != nil {
			return err
		}
		verdict := "allow"
		if number := args["number"]; len(number) < 4 || number[:4] == "0900" {
			verdict = "deny"
		}
		return s.SetVariable(ctx, "VERDICT", verdict)
	}
	server := &agi.Server{Handler: agi.HandlerFunc(screen)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- server.Serve(l) }()

	// What follows is Asterisk's part.
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	call := &agi.Request{
		URL: "agi://127.0.0.1:4573/screen", Channel: "PJSIP/1001-00000001", Uniqueid: "1795335254.1",
		Context: "internal", Extension: "0900123456", Priority: "1",
		Args: []string{"number=0900123456"},
	}
	err = agi.NewCaller(conn).Call(context.Background(), call, func(words []string) string {
		fmt.Printf("%q\n", words)
		return "200 result=1"
	})
	fmt.Println(err, server.Shutdown(context.Background()))
	fmt.Println(<-served)
	// Output:
	// ["SET" "VARIABLE" "VERDICT" "deny"]
	// <nil> <nil>
	// agi: server closed
}
