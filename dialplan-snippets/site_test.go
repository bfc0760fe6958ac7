package dialplan

import (
	"net/netip"
	"strings"
	"testing"
)

func TestRenderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Site)
		says   string
	}{
		"no country":                   {func(s *Site) { s.Country = "" }, "country"},
		"country with a line break":    {func(s *Site) { s.Country = "DE\n[x]" }, "country"},
		"no PBX":                       {func(s *Site) { s.PBX = "" }, "PBX name"},
		"PBX with an argument":         {func(s *Site) { s.PBX = "a,end=1" }, "PBX name"},
		"PBX that ends in a line feed": {func(s *Site) { s.PBX = "main\n" }, "PBX name"},
		"daemon by name":               {func(s *Site) { s.AGI = "localhost:4573" }, "address of the daemon"},
		"daemon without port":          {func(s *Site) { s.AGI = "127.0.0.1" }, "address of the daemon"},
		"daemon with a zone":           {func(s *Site) { s.AGI = "[fe80::1%a,b]:4573" }, "address of the daemon"},
		"trunk with an option":         {func(s *Site) { s.Trunk = "carrier,60,L(1)" }, "trunk"},
		"trunk with a fork":            {func(s *Site) { s.Trunk = "a&b" }, "trunk"},
		"no emergency number":          {func(s *Site) { s.Emergency = nil }, "no emergency number"},
		"emergency pattern":            {func(s *Site) { s.Emergency = []string{"_1XX"} }, "emergency number"},
		"emergency number of any kind": {func(s *Site) { s.Emergency = []string{"112."} }, "emergency number"},
		"emergency number with spaces": {func(s *Site) { s.Emergency = []string{"1 12"} }, "emergency number"},
		"emergency number too long":    {func(s *Site) { s.Emergency = []string{strings.Repeat("1", 33)} }, "longer"},
		"home pattern with a dot":      {func(s *Site) { s.HomePatterns = []string{"_0."} }, "home pattern"},
		"home pattern with a bang":     {func(s *Site) { s.HomePatterns = []string{"_0!"} }, "home pattern"},
		"home pattern of nothing":      {func(s *Site) { s.HomePatterns = []string{"_"} }, "home pattern"},
		"home pattern left open":       {func(s *Site) { s.HomePatterns = []string{"_0[2-"} }, "home pattern"},
		"home pattern with a comment":  {func(s *Site) { s.HomePatterns = []string{"_0X;"} }, "home pattern"},
		"home pattern with a line":     {func(s *Site) { s.HomePatterns = []string{"_0X\nexten => _X.,1,Dial(x)"} }, "home pattern"},
		"home pattern for emergencies": {func(s *Site) { s.HomePatterns = []string{"112"} }, "is an emergency number"},
		"no time at home":              {func(s *Site) { s.MaxHomeSeconds = 0 }, "longest home call"},
		"more than a day at home":      {func(s *Site) { s.MaxHomeSeconds = EmergencySeconds + 1 }, "longest home call"},
		"no length":                    {func(s *Site) { s.MaxDialledLength = 0 }, "longest dialled string"},
		"longer than an extension":     {func(s *Site) { s.MaxDialledLength = 80 }, "longest dialled string"},
		"no user":                      {func(s *Site) { s.AMI.User = "" }, "manager user"},
		"user with a section":          {func(s *Site) { s.AMI.User = "a]\n[b" }, "manager user"},
		"user of the whole file":       {func(s *Site) { s.AMI.User = "general" }, "manager user"},
		"no secret":                    {func(s *Site) { s.AMI.Secret = "" }, "manager secret"},
		"secret with a comment":        {func(s *Site) { s.AMI.Secret = "hidden;word" }, "manager secret"},
		"secret with another line":     {func(s *Site) { s.AMI.Secret = "hidden\nwrite = all" }, "manager secret"},
		"secret that is an arrow":      {func(s *Site) { s.AMI.Secret = ">hidden" }, "manager secret"},
		"no such address":              {func(s *Site) { s.AMI.Permit = make([]netip.Prefix, 1) }, "address range"},
	} {
		t.Run(name, func(t *testing.T) {
			s := site()
			c.change(&s)
			files, err := Render(s)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "dialplan: ") {
				t.Fatalf("error %v, want one about %s", err, c.says)
			}
			if files != nil {
				t.Errorf("files in spite of %v", err)
			}
			if strings.Contains(err.Error(), "hidden") {
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

// FuzzRender puts any text anywhere: what is accepted adds no line and no section to a file.
func FuzzRender(f *testing.F) {
	f.Add("main", "carrier", "112", "_0[2-9]XXX", "tollfuse", "secret")
	f.Add("a\n", "b;", "1,1", "_X.", "]", "\r")
	shape := func(s Site) (n [3]int, err error) {
		files, err := Render(s)
		if err != nil {
			return n, err
		}
		for i, file := range files {
			n[i] = strings.Count(string(file.Text), "\n")*1000 + strings.Count(string(file.Text), "\n[")
		}
		return n, nil
	}
	s := site()
	s.Emergency, s.HomePatterns = []string{"112"}, []string{"_0XX"}
	plain, err := shape(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pbx, trunk, emergency, home, user, secret string) {
		s := site()
		s.PBX, s.Trunk, s.Emergency, s.HomePatterns, s.AMI.User, s.AMI.Secret = pbx, trunk, []string{emergency}, []string{home}, user, secret
		if n, err := shape(s); err == nil && n != plain {
			t.Errorf("lines and sections %v, want %v", n, plain)
		}
	})
}

func TestAnAccessCodeWithAStar(t *testing.T) {
	s := site()
	s.AccessCodes, s.HomePatterns = []string{"*9"}, []string{"_*90[2-6]XXXXX", "*9112345"}
	files, err := Render(s)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(files[0].Text), "exten => _*90[2-6]XXXXX,1,Return(home)") {
		t.Error("home calls with the code are not known as such without the daemon")
	}
}
