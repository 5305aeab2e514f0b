package detect

// secretKind says how a rule's expression begins.
type secretKind uint8

const (
	// secretFormat: the keyword begins the expression and, as a rule, the
	// secret: a key with a tell-tale prefix.
	secretFormat secretKind = iota
	// secretNamed: the keyword is the name of a service, an assignment
	// follows, and the secret is what is assigned.
	secretNamed
	// secretStated: as secretNamed, in a sentence.
	secretStated
	// secretGeneric: the name is a common word such as "key". What is
	// assigned must look random and must hold no ordinary word.
	secretGeneric
)

// secretRule recognises one kind of credential.
type secretRule struct {
	id       string
	kind     secretKind
	keywords []string // lower case, ASCII, at least three bytes
	// expr begins at the keyword. Its one capture group is the secret;
	// without one the whole match is.
	expr string
	// limit bounds a match that expr does not bound; a longer one counts
	// with what the limit holds. 0: defaultSecretLimit.
	limit   int
	entropy float64  // least Shannon entropy of the secret, bits a byte
	allow   []string // expressions; a secret that one of them matches is none
	// mixed asks for a letter and a digit or a sign in the secret.
	mixed bool
}

const defaultSecretLimit = 512
