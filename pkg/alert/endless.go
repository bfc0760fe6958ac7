package alert

import (
	"errors"
	syntax "text/template/parse"
)

// mostTurns is how many turns of loops and calls of templates a notice may take.
// A mail has some hundred.
const mostTurns = 100_000

// turns counts them while a template is executed. Nothing else ends one that
// goes round without writing anything.
type turns int

func (n *turns) next() (string, error) {
	if *n++; *n > mostTurns {
		return "", errors.New("it does not end")
	}
	return "", nil
}

// bound puts a call of turn in front of every turn of a loop, and of a template,
// in a tree that was parsed. It assigns a variable, which writes nothing.
func bound(tree *syntax.Tree) error {
	if tree == nil || tree.Root == nil {
		return nil
	}
	call, err := syntax.Parse("turn", "{{$turn := turn}}", "", "", map[string]any{"turn": (*turns)(nil).next})
	if err != nil {
		return err
	}
	var within func(list *syntax.ListNode, counted bool)
	within = func(list *syntax.ListNode, counted bool) {
		if list == nil {
			return
		}
		for _, node := range list.Nodes {
			switch n := node.(type) {
			case *syntax.RangeNode:
				within(n.List, true)
				within(n.ElseList, false)
			case *syntax.IfNode:
				within(n.List, false)
				within(n.ElseList, false)
			case *syntax.WithNode:
				within(n.List, false)
				within(n.ElseList, false)
			}
		}
		if counted {
			list.Nodes = append([]syntax.Node{call["turn"].Root.Nodes[0].Copy()}, list.Nodes...)
		}
	}
	within(tree.Root, true)
	return nil
}
