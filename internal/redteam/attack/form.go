package attack

// familyForm is a family as a file has it.
type familyForm struct {
	ID          string              `yaml:"id"`
	Title       string              `yaml:"title"`
	Description string              `yaml:"description"`
	Goal        string              `yaml:"goal"`
	Frameworks  []string            `yaml:"frameworks"`
	Judge       string              `yaml:"judge"`
	Severity    string              `yaml:"severity" enum:"low,medium,high,critical"`
	Fix         string              `yaml:"fix"`
	Values      map[string][]string `yaml:"values"`
	Messages    []frameForm         `yaml:"messages"`
	Objective   objectiveForm       `yaml:"objective"`
	Seeds       []seedForm          `yaml:"seeds"`
}

type seedForm struct {
	ID        string         `yaml:"id"`
	Language  string         `yaml:"language"`
	Text      string         `yaml:"text"`
	Twin      string         `yaml:"twin"`
	Messages  []frameForm    `yaml:"messages"`
	Objective *objectiveForm `yaml:"objective"`
}

type frameForm struct {
	Role  string `yaml:"role" enum:"operator,user,document,tool,manifest,model"`
	Tool  string `yaml:"tool"`
	Text  string `yaml:"text"`
	Plant bool   `yaml:"plant"`
}

type objectiveForm struct {
	Marker     string     `yaml:"marker"`
	Secrets    []string   `yaml:"secrets,oneormany"`
	Prompt     string     `yaml:"prompt"`
	Asked      bool       `yaml:"prompt_asked"`
	Forbidden  []callForm `yaml:"forbidden"`
	Sinks      []string   `yaml:"sinks,oneormany" enum:"html,markdown,sql,shell,path,url,ansi,template"`
	Host       string     `yaml:"host"`
	Harm       string     `yaml:"harm"`
	Reference  string     `yaml:"reference"`
	Registry   []string   `yaml:"registry"`
	MostTokens int        `yaml:"most_tokens"`
	MostCalls  int        `yaml:"most_calls"`
	Benign     bool       `yaml:"benign"`
}

type callForm struct {
	Tool     string `yaml:"tool"`
	Argument string `yaml:"argument"`
	Contains string `yaml:"contains"`
}
