package detect

import "slices"

// peopleWords behind the name of an AI, or before it, make people of it: "AI teams",
// "los desarrolladores de IA".
var peopleWords = wordSet("team teams researcher researchers engineer engineers developer developers department departments newsletter newsletters " +
	"course courses student students conference conferences workshop workshops group groups committee committees lab labs staff user users " +
	"lead leads manager managers officer officers scientist scientists enthusiast enthusiasts vendor vendors startup startups company companies " +
	"community communities club clubs class classes board project projects office programme practitioners specialists experts trainers teachers learners " +
	"mannschaft abteilung forscher forschende forschenden entwickler entwicklern entwicklerinnen ingenieure ingenieuren gruppe kurs nutzer konferenz tagung beauftragte beauftragten " +
	"equipe equipes chercheur chercheurs ingenieurs developpeurs developpeur departement service etudiants conference cours groupe utilisateurs comite " +
	"equipo equipos investigadores ingenieros desarrolladores departamento estudiantes alumnos curso conferencia grupo usuarios comite boletin " +
	"squadra ricercatori ingegneri sviluppatori dipartimento reparto studenti corso conferenza gruppo utenti comitato gruppi " +
	"times pesquisadores engenheiros desenvolvedores estudantes conferencia usuarios utilizadores " +
	"afdeling onderzoekers ontwikkelaars studenten cursus groep gebruikers zespol zespolu badaczy programistow inzynierow dzialu studentow kursu grupy " +
	"команда команды команде команд исследователей разработчиков инженеров отдела студентов курса конференции группы пользователей дослідників розробників")

// fieldWords may stand between the name of an AI and people: "AI safety team".
var fieldWords = wordSet("safety research ethics product policy governance platform engineering training program programme project data risk steering working learning adoption support strategy")

// addressesPeople reports whether the match of p over words[from..to] speaks to
// people who work with an AI, and not to it.
func (s *sigScan) addressesPeople(p *sigPattern, from, to int) bool {
	if p.rule.name != "addresses-ai" {
		return false
	}
	for k := from; k <= to; k++ {
		if s.namesAI(from, k) && s.people(s.words[k].end) {
			return true
		}
	}
	people := func(w sigWord) bool { return peopleWords[w.hash] }
	return s.namesAI(from, to) && slices.ContainsFunc(s.words[from:to], people)
}

// namesAI reports whether word k ends the name of an AI that begins at word from or
// later.
func (s *sigScan) namesAI(from, k int) bool {
	return s.words[k].set&s.set.ai != 0 || slices.ContainsFunc(s.phrasesFrom(from), func(h phraseHit) bool {
		return h.last == k && h.set&s.set.ai != 0
	})
}

// people reports whether people follow text[at:] in the same clause.
func (s *sigScan) people(at int) bool {
	next := s.following(at, " \t-", 3)
	for len(next) > 0 && (next[0].set&s.set.ai != 0 || fieldWords[next[0].hash]) {
		next = next[1:]
	}
	return len(next) > 0 && peopleWords[next[0].hash]
}
