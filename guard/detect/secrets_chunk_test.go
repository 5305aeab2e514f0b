package detect

import (
	"strings"

	"warder.example/guard"
)

// Made for these tests; none of them is or was valid.
const (
	fakeAnthropic = "sk-ant-api03-Zq8fT1vK0wXr7Lm2Bn5Cd9Gh3Jk6Pq4Rs8Tu1Vw5Xy0Za2Bc7De4Fg9Hi3Kl6Mn8Op1Qr5St0Uv2Wx7Yz4Ab9CdAA"
	fakeOpenAI    = "sk-proj-9fK2mQ7xV4bN8cL1zR5tY0wE3uH6jD2sG8pA4oI7kF1qX5vB9nM"
	fakeGitHub    = "ghp_" + "R7kQ2vX9mB4nL8zT1cW5yH0dJ3fG6sP2aK9u"
	fakeWarder    = "wk_Xq7Lm2Vb9Nc4Rt8Zk1Wp5Hd0"
	fakeJWT       = "eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiJ3YXJkZXItdGVzdCIsIm4iOjQyfQ.c2lnbmF0dXJlLW1hZGUtdXAtZm9yLXRlc3Rz"
	fakePEM       = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBkq3vT9m2Zs7Qx1Lw8Yp4Rd6Hf0Jn5Kb2Vc9Xz3oAoGCCqGSM49\nAwEHoUQDQgAE7q1w9e2r8t3y7u4i6o5p0a9s8d7f6g5h4j3k2l1\n-----END EC PRIVATE KEY-----"
)

func init() {
	exactDetectors = append(exactDetectors, exactCase{
		name: "secrets", detector: NewSecrets(), origin: guard.OriginModel,
		fragments: []string{
			fakeAnthropic, fakeOpenAI, fakeGitHub, fakeWarder, fakeJWT, fakePEM,
			"x" + fakeGitHub, "AKIAQ7TZ4NMXK2VB5RLD", "api_key = \"" + "q9Zx7Lm2Vb4Nc8Rt1Wp5Hd0Ks3" + "\"",
			"token: " + fakeGitHub, "key=abc." + fakeWarder, "password is \"Tr0ub4dor&3x\"", "password=hunter2xyz;", "the api key is here",
			"postgres://app:s3cr3tPw9@db.internal/x", "https://example.org/path?token=abc", "Authorization: Bearer Zq8fT1vK0wXr7Lm2Bn5C",
			"datadog_api_key=" + strings.Repeat("9fa3", 10), "-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----\nMIIB",
			fakePEM + fakePEM[1:], fakeGitHub + fakeGitHub[1:], "key=abcdefgh12345678ghp_" + fakeGitHub[4:],
			"token=token=token=token=a1b2c3d4e5f6", "sk-", "ghp", "eyJ", "key", "curl -u admin:Zq8fT1vK0w https://x.example",
			strings.Repeat("eyJ0", 40), "secret_key: Zq8fT1vK0wXr7Lm2Bn5C9Gh3Jk6Pq4Rs8Tu1",
		},
	})
}
