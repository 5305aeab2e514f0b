package tokens_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"warder.example/internal/tokens"
)

// samples are texts of this project with the tokens that two public encodings
// make of them, counted with tiktoken-go/tokenizer v0.10.0.
var samples = []struct {
	name, text    string
	o200k, cl100k int64
}{
	{"english", "Thank you for your message. The delivery of your order was delayed because the courier could not find the entrance to the building. We have asked them to try again tomorrow between nine and noon, and we will send you a note as soon as the parcel is on its way. If nobody is at home, it will be left with the neighbour on the ground floor.", 73, 73},
	{"german", "Vielen Dank für Ihre Nachricht. Die Lieferung Ihrer Bestellung hat sich verzögert, weil der Fahrer den Eingang zum Gebäude nicht finden konnte. Wir haben ihn gebeten, es morgen zwischen neun und zwölf Uhr noch einmal zu versuchen, und melden uns, sobald das Paket unterwegs ist.", 55, 74},
	{"french", "Merci pour votre message. La livraison de votre commande a été retardée parce que le chauffeur n'a pas trouvé l'entrée de l'immeuble. Nous lui avons demandé de revenir demain entre neuf heures et midi, et nous vous préviendrons dès que le colis sera en route.", 58, 68},
	{"polish", "Dziękujemy za wiadomość. Dostawa zamówienia opóźniła się, ponieważ kierowca nie mógł znaleźć wejścia do budynku. Poprosiliśmy go, aby spróbował jutro między dziewiątą a dwunastą, i damy znać, gdy tylko paczka będzie w drodze.", 73, 92},
	{"turkish", "Mesajınız için teşekkür ederiz. Sürücü binanın girişini bulamadığı için siparişinizin teslimatı gecikti. Yarın saat dokuz ile on iki arasında tekrar denemesini istedik ve paket yola çıkar çıkmaz size haber vereceğiz.", 56, 86},
	{"vietnamese", "Cảm ơn bạn đã gửi tin nhắn. Đơn hàng của bạn bị chậm vì tài xế không tìm thấy lối vào tòa nhà. Chúng tôi đã nhờ họ thử lại vào ngày mai từ chín giờ đến mười hai giờ và sẽ báo cho bạn ngay khi gói hàng được gửi đi.", 68, 97},
	{"russian", "Спасибо за ваше сообщение. Доставка вашего заказа задержалась, потому что водитель не смог найти вход в здание. Мы попросили его попробовать ещё раз завтра с девяти до двенадцати и сообщим вам, как только посылка будет в пути.", 54, 96},
	{"greek", "Σας ευχαριστούμε για το μήνυμά σας. Η παράδοση της παραγγελίας σας καθυστέρησε επειδή ο οδηγός δεν μπορούσε να βρει την είσοδο του κτιρίου. Του ζητήσαμε να προσπαθήσει ξανά αύριο μεταξύ εννέα και δώδεκα.", 72, 180},
	{"arabic", "شكرا على رسالتك. تأخر تسليم طلبك لأن السائق لم يتمكن من العثور على مدخل المبنى. طلبنا منه المحاولة مرة أخرى غدا بين التاسعة والثانية عشرة، وسوف نخبرك بمجرد أن تكون الحزمة في الطريق.", 56, 129},
	{"hebrew", "תודה על ההודעה שלך. משלוח ההזמנה שלך התעכב משום שהנהג לא הצליח למצוא את הכניסה לבניין. ביקשנו ממנו לנסות שוב מחר בין תשע לשתים עשרה, ונעדכן אותך ברגע שהחבילה תהיה בדרך.", 64, 157},
	{"hindi", "आपके संदेश के लिए धन्यवाद। आपके ऑर्डर की डिलीवरी में देरी हुई क्योंकि ड्राइवर को इमारत का प्रवेश द्वार नहीं मिला। हमने उनसे कल नौ से बारह बजे के बीच फिर से कोशिश करने को कहा है और पैकेज रवाना होते ही आपको बताएंगे।", 63, 206},
	{"thai", "ขอบคุณสำหรับข้อความของคุณ การจัดส่งคำสั่งซื้อของคุณล่าช้าเพราะคนขับหาทางเข้าอาคารไม่พบ เราได้ขอให้เขาลองอีกครั้งในวันพรุ่งนี้ระหว่างเก้าโมงถึงเที่ยง และจะแจ้งให้คุณทราบทันทีที่พัสดุออกเดินทาง", 76, 176},
	{"chinese", "感谢您的留言。您的订单配送延误了,因为司机找不到大楼的入口。我们已请他明天九点到十二点之间再试一次,包裹一上路我们就会通知您。如果家里没有人,包裹会放在一楼的邻居那里。", 66, 90},
	{"japanese", "メッセージをありがとうございます。運転手が建物の入口を見つけられなかったため、ご注文の配送が遅れました。明日の九時から正午の間にもう一度お届けするよう依頼しました。荷物が出発しましたらすぐにお知らせいたします。", 70, 97},
	{"korean", "메시지를 보내 주셔서 감사합니다. 기사가 건물 입구를 찾지 못해 주문하신 물건의 배송이 늦어졌습니다. 내일 아홉 시에서 열두 시 사이에 다시 방문하도록 요청했으며, 소포가 출발하는 대로 알려 드리겠습니다.", 66, 111},
	{"code", "func (q *Queue) Push(item Item) error {\n\tq.mu.Lock()\n\tdefer q.mu.Unlock()\n\tif len(q.items) >= q.limit {\n\t\treturn fmt.Errorf(\"queue is full: %d items\", q.limit)\n\t}\n\tq.items = append(q.items, item)\n\tq.ready.Signal()\n\treturn nil\n}\n", 65, 65},
	{"json", "{\"order\":{\"id\":48211,\"customer\":\"c-1093\",\"lines\":[{\"sku\":\"AX-2231\",\"quantity\":2,\"price\":19.95},{\"sku\":\"BQ-0457\",\"quantity\":1,\"price\":4.5}],\"shipped\":false,\"created\":\"2026-03-04T05:06:07Z\"}}", 74, 74},
	{"digits", "48211 1093 2231 19.95 0457 4.50 2026 20260304 050607 3141592653 2718281828 1618033988", 44, 44},
	{"emoji", "Great 🎉🎉 see you soon 👋🏽 at the café ☕️ 🚀🚀🚀 bring 🍕 and 🥤 for everyone 🙏", 35, 43},
	{"hex", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 43, 43},
}

// TestStatedError: the true counts lie where the package says they do, and close
// to the expectation where most texts are written.
func TestStatedError(t *testing.T) {
	if len(samples) < 20 {
		t.Fatalf("%d samples; expected at least 20", len(samples))
	}
	for _, s := range samples {
		got := tokens.Of(s.text)
		low, high := s.o200k*100/got, s.cl100k*100/got
		t.Logf("%-10s expected %d; o200k %d (%d %%), cl100k %d (%d %%)", s.name, got, s.o200k, low, s.cl100k, high)
		if low < tokens.Lowest || high > tokens.Highest {
			t.Errorf("%s: expected %d tokens; they are %d and %d, outside of %d to %d %%", s.name, got, s.o200k, s.cl100k, tokens.Lowest, tokens.Highest)
		}
		switch s.name {
		case "english", "code", "json", "digits":
			if low < 85 || high > 115 {
				t.Errorf("%s: expected %d tokens; they are %d and %d", s.name, got, s.o200k, s.cl100k)
			}
		}
	}
}

// TestBoundHolds: no text has more tokens than bytes, by either encoding and by
// the expectation.
func TestBoundHolds(t *testing.T) {
	for _, s := range samples {
		if n := (tokens.Input{Bytes: int64(len(s.text))}).AtMost(); s.o200k > n-tokens.PerRequest || s.cl100k > n-tokens.PerRequest {
			t.Errorf("%s: bound is %d; tokens are %d and %d", s.name, n, s.o200k, s.cl100k)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if n := tokens.Of(text); n > int64(len(text)) {
			t.Fatalf("%q: %d tokens of %d bytes", text, n, len(text))
		}
	})
}

// TestPieces: how a text is cut makes no difference.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab 12.é山한ж"))).Draw(t, "text")
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		for cut < len(text) && !utf8.RuneStart(text[cut]) {
			cut++
		}
		var e tokens.Estimate
		e.Add(text[:cut])
		e.Add(text[cut:])
		if e.Tokens() != tokens.Of(text) {
			t.Fatalf("%q in two: %d; whole %d", text, e.Tokens(), tokens.Of(text))
		}
	})
}

func TestBoundDoesNotOverflow(t *testing.T) {
	for _, i := range []tokens.Input{{}, {Bytes: -1, Messages: -1, Files: -1}, {Bytes: math.MaxInt64, Messages: math.MaxInt64, Files: math.MaxInt64}} {
		if n := i.AtMost(); n < tokens.PerRequest {
			t.Errorf("%+v: bound is %d", i, n)
		}
	}
}

func BenchmarkEstimate(b *testing.B) {
	text := strings.Repeat(samples[0].text, 4)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tokens.Of(text)
	}
}
