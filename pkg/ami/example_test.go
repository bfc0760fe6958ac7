package ami_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// A consumer that prints the channels there are when the link comes up, and then those that begin.
func Example() {
	address := simulatedAsterisk()
	client, err := ami.New(ami.Options{
		Address:  address,
		Username: "tollfuse",
		Secret:   "s3cret",
		Events:   []string{"Newchannel", "Hangup"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_ = client.Run(ctx, func(ctx context.Context, n ami.Notice) {
		switch n.Kind {
		case ami.Up, ami.Resync:
			list, err := client.CoreShowChannels(ctx)
			if err != nil {
				return // the link went again: a Down and another Up will come
			}
			for _, channel := range list.Items {
				fmt.Println("there is", channel.Get("Channel"))
			}
		case ami.Event:
			fmt.Println(n.Event.Event(), n.Event.Get("Channel"))
			cancel() // enough for an example
		case ami.Down:
			if errors.Is(n.Err, ami.ErrAuthentication) {
				fmt.Println("check username and secret in manager.conf")
			}
		}
	})
	// Output:
	// there is PJSIP/1001-00000001
	// Newchannel PJSIP/carrier-00000002
}

// simulatedAsterisk answers one client on the loopback interface and returns its address.
func simulatedAsterisk() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		defer listener.Close()
		server := ami.NewServerConn(conn)
		if server.Login("11.0.0", "tollfuse", "s3cret") != nil {
			return
		}
		for {
			action, err := server.ReadAction()
			if err != nil || action.Name == "Logoff" {
				return
			}
			channels := [][]ami.Field{{{Name: "Channel", Value: "PJSIP/1001-00000001"}}}
			_ = server.RespondList(action, "CoreShowChannel", channels, "CoreShowChannelsComplete")
			_ = server.Event("Newchannel", ami.Field{Name: "Channel", Value: "PJSIP/carrier-00000002"})
		}
	}()
	return listener.Addr().String()
}
