// Command shut stands for an owner's main fuse: it only says what it would do.
package main

import (
	"fmt"
	"os"
)

func main() {
	switch os.Args[len(os.Args)-1] {
	case "blow":
		fmt.Println("calls to 203.0.113.7 are shut:", os.Getenv("TOLLFUSE_WHY"))
	case "reset":
		fmt.Println("calls to 203.0.113.7 are let out again")
	case "test":
		fmt.Println("the rules are right; nothing was changed")
	default:
		os.Exit(2)
	}
}
