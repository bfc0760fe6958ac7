package pbxsim

import (
	"fmt"
	"strconv"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// bridge connects two channels. The PBX is locked.
func (p *PBX) bridge(first, second *channel) {
	p.bridges++
	id := fmt.Sprintf("bridge-%08x", p.bridges)
	p.tell("BridgeCreate", bridgeFields(id, 0))
	for i, c := range []*channel{first, second} {
		c.bridge = id
		p.tell("BridgeEnter", bridgeFields(id, i+1), c.fields(""))
	}
}

// unbridge parts the channels of a bridge, of which either may be missing. The PBX is locked.
func (p *PBX) unbridge(channels ...*channel) {
	var id string
	left := len(channels)
	for _, c := range channels {
		left--
		if c == nil || c.bridge == "" {
			continue
		}
		id = c.bridge
		c.bridge = ""
		p.tell("BridgeLeave", bridgeFields(id, left), c.fields(""))
	}
	if id != "" {
		p.tell("BridgeDestroy", bridgeFields(id, 0))
	}
}

func bridgeFields(id string, channels int) []ami.Field {
	return []ami.Field{
		field("BridgeUniqueid", id), field("BridgeType", "basic"), field("BridgeTechnology", "simple_bridge"),
		field("BridgeCreator", "<unknown>"), field("BridgeName", "<unknown>"),
		field("BridgeNumChannels", strconv.Itoa(channels)), field("BridgeVideoSourceMode", "none"),
	}
}
