package detect

// Fixed parts of Warder's own rules.
const (
	// secretEnd is what follows a secret: anything that cannot be part of it.
	secretEnd = `(?:[^0-9A-Za-z_+/=~-]|$)`
	// stateGap stands between a name and its value in a configuration or a
	// sentence.
	stateGap = `["'` + "`" + `]?[ \t]{0,16}(?:=>|:=|[:=]|[ \t](?:is|was|ist|lautet|es|est|e|jest)[ \t])[ \t]{0,16}["'` + "`" + `]?`
)

// ownSecretRules returns the rules that the kept rule set lacks: keys of language
// model services, credentials in addresses, headers and sentences, and password
// hashes. They were written from the issuers' documentation.
func ownSecretRules() []secretRule {
	format := func(id, expr string, entropy float64, keywords ...string) secretRule {
		return secretRule{id: id, kind: secretFormat, keywords: keywords, expr: expr + secretEnd, entropy: entropy}
	}
	return append([]secretRule{
		format("warder-key", `\b(wk_[A-Za-z0-9_-]{20,128})`, 3, "wk_"),
		format("openai-api-key", `\b(sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{32,220})`, 3.5, "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-none-"),
		format("llm-api-key", `\b(sk-[A-Za-z0-9]{32,64})`, 3.2, "sk-"),
		{id: "anthropic-api-key", kind: secretFormat, keywords: []string{"sk-ant-"}, expr: `\b(sk-ant-[a-z]{2,8}[0-9]{2}-[A-Za-z0-9_-]{32,})` + secretEnd, limit: 160, entropy: 3.5},
		format("openrouter-api-key", `\b(sk-or-v1-[a-f0-9]{64})`, 3, "sk-or-v1-"),
		format("groq-api-key", `\b(gsk_[A-Za-z0-9]{40,64})`, 3.5, "gsk_"),
		format("huggingface-access-token", `\b(hf_[A-Za-z0-9]{30,40})`, 3.2, "hf_"),
		format("xai-api-key", `\b(xai-[A-Za-z0-9]{60,120})`, 3.5, "xai-"),
		format("replicate-api-token", `\b(r8_[A-Za-z0-9]{36,40})`, 3.2, "r8_"),
		format("tavily-api-key", `\b(tvly-(?:dev-|prod-)?[A-Za-z0-9]{28,40})`, 3.2, "tvly-"),
		format("langsmith-api-key", `\b(lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10})`, 3, "lsv2_pt_", "lsv2_sk_"),
		format("pinecone-api-key", `\b(pcsk_[A-Za-z0-9]{4,12}_[A-Za-z0-9]{40,80})`, 3.5, "pcsk_"),
		format("nvidia-api-key", `\b(nvapi-[A-Za-z0-9_-]{56,72})`, 3.5, "nvapi-"),
		format("jina-api-key", `\b(jina_[A-Za-z0-9_-]{56,72})`, 3.5, "jina_"),
		format("google-oauth-access-token", `\b(ya29\.[A-Za-z0-9_-]{20,512})`, 3.2, "ya29."),
		format("google-oauth-client-secret", `\b(GOCSPX-[A-Za-z0-9_-]{28})`, 3, "gocspx-"),
		format("docker-pat", `\b(dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,40})`, 3, "dckr_pat_", "dckr_oat_"),
		format("crates-io-token", `\b(cio[A-Za-z0-9]{32})`, 3.5, "cio"),
		format("figma-token", `\b(fig[dour]_[A-Za-z0-9_-]{36,48})`, 3.2, "figd_", "figo_", "figu_", "figr_"),
		format("doppler-token", `\b(dp\.(?:ct|pt|sa|st|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44})`, 3.2, "dp.ct.", "dp.pt.", "dp.sa.", "dp.st.", "dp.scim.", "dp.audit."),
		format("sonar-token", `\b(sq[apu]_[a-f0-9]{40})`, 3, "sqa_", "sqp_", "squ_"),
		format("supabase-token", `\b(sb(?:p|_secret)_[A-Za-z0-9_]{28,48})`, 3, "sbp_", "sb_secret_"),
		format("amazon-mws-token", `\b(amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`, 3, "amzn.mws."),
		format("aws-appsync-key", `\b(da2-[a-z0-9]{26})`, 3, "da2-"),
		format("mailgun-api-key", `\b(key-[a-f0-9]{32})`, 3, "key-"),
		format("mapbox-token", `\b((?:pk|sk|tk)\.eyJ[A-Za-z0-9_-]{20,200}\.[A-Za-z0-9_-]{22})`, 3.5, "pk.eyj", "sk.eyj", "tk.eyj"),
		format("square-oauth-secret", `\b(sq0csp-[\w-]{43})`, 3, "sq0csp-"),
		format("twitch-stream-key", `\b(live_[0-9]{6,12}_[A-Za-z0-9]{30})`, 3, "live_"),
		format("dependency-track-key", `\b(odt_[A-Za-z0-9]{32,44})`, 3, "odt_"),
		format("teams-webhook", `(https://[a-z0-9.-]{0,60}outlook\.office(?:365)?\.com/webhook/[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/[0-9a-f]{32}/[0-9a-f-]{36})`, 3, "https://"),
		format("bcrypt-hash", `(\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53})`, 3, "$2a$", "$2b$", "$2x$", "$2y$"),
		format("crypt-hash", `(\$[156]\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{22,86})`, 3, "$1$", "$5$", "$6$"),
		format("argon2-hash", `(\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$m=[0-9]{1,8},t=[0-9]{1,4},p=[0-9]{1,4}\$[+/A-Za-z0-9]{8,88}\$[+/A-Za-z0-9]{16,128})`, 3, "$argon2"),
		format("kerberos-hash", `(\$krb5(?:asrep|tgs|pa)\$[0-9]{1,3}\$[\w*$.@:/-]{32,400})`, 3, "$krb5"),
	}, statedRules()...)
}

// statedRules returns the rules for credentials that a name introduces.
func statedRules() []secretRule {
	stated := func(id, expr string, entropy float64, mixed bool, keywords ...string) secretRule {
		return secretRule{id: id, kind: secretStated, keywords: keywords, expr: expr, limit: 2048, entropy: entropy, mixed: mixed}
	}
	value := `([^\s"'` + "`" + `<>,;(){}\[\]|]{6,64})`
	address := `([^\s/@"'<>{}$*]{3,128})@[0-9A-Za-z.\[\]-]{0,253}(?:[^0-9A-Za-z.\[\]-]|$)`
	return []secretRule{
		stated("password", `(?i)(?:passwor[dt]|passphrase|passcode|passwd)`+stateGap+value, 2.5, true, "password", "passwort", "passphrase", "passcode", "passwd"),
		stated("password", `(?i)(?:contrase(?:ñ|n)a|mot de passe|wachtwoord|senha|has[łl]o|parola)`+stateGap+value, 2.5, true, "contrase", "mot de passe", "wachtwoord", "senha", "haslo", "parola"),
		stated("connection-password", `(?i)\b(?:pwd|password)=`+value+`;`, 2, false, "pwd=", "password="),
		stated("netrc-password", `(?i)\blogin[ \t]{1,4}[^\s"'<>]{1,40}\s{1,8}password[ \t]{1,4}`+value, 2.2, true, "login"),
		stated("command-password", `(?i)\bcurl[ \t][^\n|;&]{0,60}[ \t](?:-u|--user)[ \t=]{1,2}["']?[^\s:"'$<>{}]{1,64}:([^\s"'$<>{}]{4,128})`, 2, false, "curl"),
		stated("authorization", `(?i)\bauthorization["']?[ \t]{0,3}[:=][ \t]{0,3}["']?(?:basic|bearer|token|apikey)[ \t]{1,3}([\w=~@.+/-]{12,})`, 3.2, false, "authorization"),
		stated("authorization", `(?i)\bbearer[ \t]{1,2}([\w=~.+/-]{20,})`, 3.5, true, "bearer"),
		stated("address-password", `(?i)\b(?:https?|ftps?|sftp|ssh|postgres|postgresql|mysql|mariadb|mssql|sqlserver|mongodb|mongodb\+srv|rediss?|amqps?|smtps?|ldaps?)://[^\s/:@"'<>]{0,60}:`+address, 1.5, false,
			"http://", "https://", "ftp://", "ftps://", "sftp://", "ssh://", "postgres://", "postgresql://", "mysql://", "mariadb://", "mssql://", "sqlserver://",
			"mongodb://", "mongodb+srv://", "redis://", "rediss://", "amqp://", "amqps://", "smtp://", "smtps://", "ldap://", "ldaps://"),
		stated("azure-storage-key", `(?i)(?:AccountKey|SharedAccessKey|Secret)=([A-Za-z0-9+/]{40,100}={0,3})`, 3.5, true, "accountkey=", "sharedaccesskey=", "secret="),
	}
}
