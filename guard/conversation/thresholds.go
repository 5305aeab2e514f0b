package conversation

// What is here was chosen on conversations and is measured by this package's tests:
// the weights on two thirds of testdata/conversations.jsonl (which third is left out
// a hash says) and on honest texts of public corpora put together at random, with
// refusals strewn in; the thresholds on these honest conversations. The classifier's
// scores count from its own 5 % threshold, so another model moves them along.
// docs/conversations.md has the figures.

// weights of the log odds that a conversation is an attack. None but the bias is
// negative. That scores rise from turn to turn adds nothing beside the decaying sum,
// which counts late turns more.
var weights = struct {
	bias, suspicion, pressed, leans, leansAfterRefusal, joined, assembles float64
}{
	bias: -3.3, suspicion: 1, pressed: 0.6, leans: 0.5, leansAfterRefusal: 0.3, joined: 0.9, assembles: 0.5,
}

// rates are the shares of honest conversations that thresholds stand for, as those
// of single texts (textmodel.FalsePositiveRates).
var rates = [...]float64{0.001, 0.01, 0.05}

// reportFPR is the rate from which on findings are reported.
const reportFPR = 0.05

// Thresholds by rate: log odds of the conversation, and evidence of what is read as
// one text. All rules together keep to the rate.
var (
	crescendoThresholds = [len(rates)]float64{1.5, 0, -0.8}
	joinedThresholds    = [len(rates)]float64{2, 1, 0.6}
	assembledThresholds = [len(rates)]float64{1.9, 1.3, 0.8}
)

const (
	// splitGain is by how much, in log odds, what is read as one text must exceed
	// each turn.
	splitGain = 0.1
	// Of a known wording across turns: its score and rate, and the largest rate of
	// a signature that counts.
	splitSignatureScore, splitSignatureFPR, signatureFPR = 0.95, 0.01, 0.001
)

// rateOf returns the smallest rate whose threshold z reaches, 1 if none.
func rateOf(z float64, thresholds [len(rates)]float64) float64 {
	for i, t := range thresholds {
		if z >= t {
			return rates[i]
		}
	}
	return 1
}
