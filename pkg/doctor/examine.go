package doctor

// Examine judges the facts. The findings are sorted by PBX and group, the worst
// first.
func Examine(f Facts) []Finding {
	all := daemonChecks(&f)
	all = append(all, machineChecks(&f)...)
	all = append(all, mailChecks(&f)...)
	all = append(all, fuseChecks(&f)...)
	all = append(all, configChecks(&f)...)
	all = append(all, systemNames(&f)...)
	for i := range f.PBXs {
		p := &f.PBXs[i]
		p.AccessCodes = f.Config.Numbering.AccessCodes
		for _, found := range p.examine(&f) {
			found.PBX = p.Asterisk.Name
			all = append(all, found)
		}
	}
	arrange(all)
	return all
}

// examine judges one Asterisk.
func (p *PBX) examine(f *Facts) []Finding {
	all := p.managerChecks()
	all = append(all, p.amiChecks(all)...)
	all = append(all, p.endpointChecks()...)
	if p.Plan == nil {
		why := p.Console.Missing
		if p.Files.Missing != "" {
			why += "; " + p.Files.Missing
		}
		return append(all, notChecked("dialplan.plan", "the dialplan, and who can get round it", why))
	}
	ways := p.ways()
	all = append(all, p.snippetChecks(ways)...)
	all = append(all, p.dialChecks(ways, f.Emergency)...)
	all = append(all, p.codeChecks(ways, f)...)
	all = append(all, p.placeChecks(ways)...)
	all = append(all, p.trunkChecks(ways)...)
	return append(all, p.emergencyChecks(f.Emergency, f.Plain)...)
}
