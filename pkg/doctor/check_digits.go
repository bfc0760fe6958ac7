package doctor

import (
	"slices"
	"strconv"
	"strings"
)

// judgeDigits tells whether a Dial of TOLLFUSE_DIAL puts digits before it, or
// takes some off, that the configuration knows nothing of: then what Tollfuse has
// judged is not what the carrier hears.
func (p *PBX) judgeDigits(g *gathering, d dialling) {
	number := userOf(d.Target.Number)
	m := variable.FindStringSubmatch(number)
	if m == nil || m[1] != "TOLLFUSE_DIAL" {
		return
	}
	where, at := []Place{d.Step.Place}, d.Ext.Context+","+d.Ext.Pattern
	f := Finding{ID: "dialplan.number", Level: Warning, Title: "another number is dialled than Tollfuse was asked about (%s)", Where: where}
	before, after, _ := strings.Cut(number, m[0])
	trunk := p.trunk(d.Target.Tech, d.Target.Peer)
	switch {
	case after != "" || m[3] != "":
		right := d
		if right.Target.Number = "${TOLLFUSE_DIAL}"; m[2] != "" && m[2] != "0" {
			right.Target.Number = "${TOLLFUSE_DIAL:" + m[2] + "}"
		}
		f.Detail, f.Mend = "What is dialled ends otherwise.", []string{mended(right)}
	case before != "" && trunk != nil && before != trunk.Prefix:
		f.Detail = "The carrier hears " + before + " before it."
		f.Mend = []string{"# tollfuse.yaml, asterisk: trunks:", "- name: " + trunk.Name, `  prefix: "` + before + `"`, "# then: systemctl restart tollfuse"}
	case before == "" && !p.takesOff(d, m[2]):
		f.Level, f.Detail = Critical, "It was judged with the digits that are taken off, and the configuration names no such access code."
		f.Mend = []string{"# tollfuse.yaml, numbering:", "access_codes: [" + p.codes(d, m[2]) + "]", "# then: tollfuse dialplan --force, and systemctl restart tollfuse"}
	default:
		return
	}
	g.add(f, at)
}

// takesOff tells whether so many digits are an access code of the site, as far
// as the pattern tells which digits they are.
func (p *PBX) takesOff(d dialling, offset string) bool {
	n, _ := strconv.Atoi(offset)
	return n == 0 || slices.ContainsFunc(p.AccessCodes, func(code string) bool {
		first := strings.TrimPrefix(d.Ext.Pattern, "_")
		return len(code) == n && (!canBeNumber(d.Ext.Pattern) || len(first) < n || strings.ContainsAny(first[:n], "[XZNxzn.!") || first[:n] == code)
	})
}

// codes are the access codes with the one that a Dial takes off.
func (p *PBX) codes(d dialling, offset string) string {
	n, _ := strconv.Atoi(offset)
	code := strings.TrimPrefix(d.Ext.Pattern, "_")
	if n < 0 || n > len(code) || strings.Trim(code[:max(n, 0)], "0123456789*#") != "" {
		code, n = "…", len("…")
	}
	list := ""
	for _, known := range append(slices.Clone(p.AccessCodes), code[:n]) {
		list += `, "` + known + `"`
	}
	return strings.TrimPrefix(list, ", ")
}
