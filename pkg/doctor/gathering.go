package doctor

import (
	"fmt"
	"slices"
)

// gathering collects findings of the same kind into one, with all the places
// where it was found: fifty phones with one fault are one thing to mend.
type gathering struct {
	found []Finding
	names map[string][]string
}

// add adds a finding. Names are the endpoints, contexts or numbers that it is
// about; its title says %s where they stand.
func (g *gathering) add(f Finding, names ...string) {
	if g.names == nil {
		g.names = map[string][]string{}
	}
	g.names[f.ID] = append(g.names[f.ID], names...)
	i := slices.IndexFunc(g.found, func(o Finding) bool { return o.ID == f.ID })
	if i < 0 {
		g.found = append(g.found, f)
		return
	}
	old := &g.found[i]
	if f.Level.rank() > old.Level.rank() {
		f.Where, *old = old.Where, f
	}
	for _, place := range f.Where {
		if !slices.Contains(old.Where, place) {
			old.Where = append(old.Where, place)
		}
	}
}

// findings are what was collected.
func (g *gathering) findings() []Finding {
	for i := range g.found {
		f := &g.found[i]
		if names := g.names[f.ID]; len(names) > 0 {
			f.Title = fmt.Sprintf(f.Title, listed(names))
		}
	}
	return g.found
}
