package numbering

// Step is one step of a resolution, for a person to read.
type Step struct {
	Text   string `json:"text"`             // what was found; without hostile text
	Number string `json:"number,omitempty"` // what the number was taken for after it
}

// trace collects steps. A nil trace collects nothing, and costs nothing.
type trace struct{ steps []Step }

func (t *trace) add(text, number string) {
	if t != nil {
		t.steps = append(t.steps, Step{text, number})
	}
}

// Explain shows how Resolve comes to its result, step by step.
func (r *Resolver) Explain(dialled string) []Step {
	t := &trace{}
	d := r.resolve(dialled, false, t)
	t.add("class "+string(d.Class), d.Number())
	return t.steps
}
