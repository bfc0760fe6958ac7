package rating

import (
	"strings"
	"unicode"
)

// field is what a column of a price list says.
type field int

const (
	prefixField field = iota
	countryCodeField
	descriptionField
	perMinuteField
	connectField
	minimumField
	incrementField
	freeField
	validFromField
	fields // how many there are
)

// name is how Columns calls a field in JSON.
func (f field) name() string {
	return [fields]string{
		"prefix", "country_code", "description", "per_minute", "connect", "minimum", "increment", "free", "valid_from",
	}[f]
}

// option is the option of the command line that names the column of a field.
func (f field) option() string {
	if f == perMinuteField {
		return "--price-column"
	}
	return "--" + strings.ReplaceAll(f.name(), "_", "-") + "-column"
}

// asked is the heading or the number that the owner named.
func (c Columns) asked(f field) string {
	return [fields]string{
		c.Prefix, c.CountryCode, c.Description, c.PerMinute, c.Connect, c.Minimum, c.Increment, c.Free, c.ValidFrom,
	}[f]
}

// meaning is what a heading says, and how surely.
type meaning struct {
	field field
	sure  bool // other headings of the same field, that are less sure, give way
	area  bool // only what follows a country code
	unit  unit // of a price that is not one a minute
}

// unit is why a price cannot be taken as it is.
type unit int

const (
	perMinute unit = iota
	perSecond
	inCents
)

// heard is what the usual headings of carriers' lists mean, in English, German,
// French and Spanish; false for any other.
func heard(heading string) (meaning, bool) {
	words, u := headingWords(heading)
	key := strings.Join(words, " ")
	for _, find := range []func(string) (meaning, bool){heardPrefix, heardPrice, heardBilling, heardRest} {
		if m, ok := find(key); ok {
			m.unit = u
			return m, true
		}
	}
	return meaning{}, false
}

func heardPrefix(key string) (meaning, bool) {
	switch key {
	case "prefix", "prefixes", "dial prefix", "dial code", "dial codes", "dialcode", "dialcodes", "dialing code", "dialling code",
		"dialing codes", "dialling codes", "dialing prefix", "dialling prefix", "dialed digits", "destination code",
		"destination codes", "destination prefix", "number prefix", "e164", "e 164", "e164 prefix", "full code", "full prefix",
		"phone code", "phone prefix", "calling code", "breakout", "breakouts", "called prefix", "dnis", "code prefix",
		"vorwahl", "vorwahlen", "rufnummernprafix", "prafix", "praefix", "kennzahl", "zielvorwahl", "zielkennzahl",
		"prefixe", "indicatif", "indicatifs", "code destination", "code de destination", "indicatif destination",
		"prefijo", "prefijos", "codigo destino", "codigo de destino", "codigo de marcacion", "indicativo": //nolint:misspell // Spanish
		return meaning{field: prefixField, sure: true}, true
	case "code", "codes", "digits", "codigo", "codigos", "rufnummer", "numero", "number":
		return meaning{field: prefixField}, true
	case "area code", "area codes", "city code", "city codes", "ndc", "national destination code", "ortsvorwahl", "ortskennzahl",
		"ortsnetzkennzahl", "indicatif regional", "codigo de area", "codigo area":
		return meaning{field: prefixField, area: true, sure: true}, true
	case "country code", "country codes", "countrycode", "cc", "country dial code", "country prefix", "country dialing code",
		"landesvorwahl", "landervorwahl", "landerkennzahl", "landeskennzahl", "indicatif pays", "indicatif du pays", "code pays",
		"codigo de pais", "codigo pais", "prefijo pais", "prefijo de pais":
		return meaning{field: countryCodeField, sure: true}, true
	}
	return meaning{}, false
}

func heardPrice(key string) (meaning, bool) {
	switch key {
	case "per minute", "rate per minute", "rates per minute", "price per minute", "cost per minute", "charge per minute",
		"tariff per minute", "minute rate", "minute price", "per minute rate", "per minute price", "per minute cost", "ppm",
		"new rate", "new price", "new rate per minute", "new price per minute", "rate per second", "price per second", "per second",
		"cost per second", "charge per second",
		"preis per minute", "minutenpreis", "preis minute", "entgelt per minute", "gebuhr per minute", "kosten per minute",
		"neuer preis", "preis per second",
		"prix per minute", "cout per minute", "prix minute", "prix a la minute", "prix de la minute", "tarif per minute",
		"nouveau tarif", "nouveau prix", "prix per second",
		"precio per minute", "tarifa per minute", "coste per minute", "costo per minute", "precio minuto", "precio del minuto",
		"nueva tarifa", "nuevo precio", "precio per second":
		return meaning{field: perMinuteField, sure: true}, true
	case "rate", "rates", "price", "prices", "cost", "charge", "tariff", "sell rate", "selling rate", "sell price", "selling price",
		"call rate", "voice rate", "usage rate", "unit price", "current rate", "current price",
		"preis", "preise", "entgelt", "tarif", "tarife", "gebuhr", "prix", "tarifs", "cout", "precio", "tarifa", "coste", "costo":
		return meaning{field: perMinuteField}, true
	case "connect", "connect fee", "connection fee", "connect charge", "connection charge", "connect cost", "setup", "set up",
		"setup fee", "set up fee", "setup charge", "set up charge", "setup cost", "call setup", "call setup fee", "call setup charge", "surcharge",
		"flagfall", "flag fall", "connection", "rate per call", "price per call", "charge per call", "per call", "fee per call",
		"verbindungsgebuhr", "verbindungsentgelt", "verbindungsaufbau", "verbindungspreis", "einmalgebuhr", "setup gebuhr",
		"preis per verbindung", "gebuhr per verbindung", "preis per anruf", "gebuhr per anruf",
		"frais de connexion", "cout de connexion", "prix de connexion", "connexion", "mise en relation",
		"frais de mise en relation", "frais d etablissement", "etablissement d appel", "prix per appel",
		"cargo de conexion", "tarifa de conexion", "coste de conexion", "conexion", "establecimiento",
		"establecimiento de llamada", "coste de establecimiento", "cuota de establecimiento", "precio per llamada":
		return meaning{field: connectField, sure: true}, true
	}
	return meaning{}, false
}

func heardBilling(key string) (meaning, bool) {
	switch key {
	case "minimum", "min duration", "minimum duration", "minimum time", "min time", "minimum charge", "minimum billing",
		"minimum call duration", "minimum call", "initial increment", "initial billing increment", "first increment",
		"initial interval", "first interval", "interval 1", "interval1", "initial period", "first period", "initial block",
		"mindestdauer", "ersttakt", "erster takt", "mindestlaufzeit", "duree minimale", "duree minimum", "minimum de facturation",
		"premiere periode", "palier initial", "minimo", "duracion minima", "tiempo minimo", "minimo facturable",
		"primer intervalo", "intervalo inicial":
		return meaning{field: minimumField, sure: true}, true
	case "increment", "increments", "billing increment", "billing increments", "billing interval", "billing terms", "billing unit",
		"rate increment", "charging increment", "charging interval", "rounding", "subsequent increment",
		"subsequent billing increment", "next increment", "additional increment", "subsequent interval", "next interval",
		"interval n", "interval 2", "interval2", "intervaln", "subsequent period", "next period", "min increment",
		"minimum increment", "taktung", "takt", "abrechnungstakt", "folgetakt",
		"palier", "palier suivant", "pas de facturation", "periode suivante", "palier de facturation", "cadence",
		"incremento", "incrementos", "intervalo de facturacion", "incremento de facturacion", "tasacion", "siguiente intervalo", //nolint:misspell // Spanish
		"intervalo siguiente":
		return meaning{field: incrementField, sure: true}, true
	case "billing", "interval", "intervals", "period", "abrechnung", "intervall", "facturation", "intervalle", "facturacion",
		"intervalo":
		return meaning{field: incrementField}, true
	case "free", "free time", "freisekunden", "freie", "gratuites", "offertes", "gratis", "libres":
		return meaning{field: freeField, sure: true}, true
	}
	return meaning{}, false
}

func heardRest(key string) (meaning, bool) {
	switch key {
	case "description", "destination name", "destination", "destinations", "destination description", "beschreibung", "ziel",
		"zielname", "bezeichnung", "libelle", "nom de la destination", "descripcion", "destino", "destinos": //nolint:misspell // Spanish
		return meaning{field: descriptionField, sure: true}, true
	case "name", "country", "country name", "location", "zone", "area", "area name", "region", "network", "route", "operator",
		"land", "lander", "netz", "pays", "reseau", "pais", "zona", "red", "nombre", "nom":
		return meaning{field: descriptionField}, true
	case "valid from", "effective", "effective date", "effective from", "effective on", "date effective", "effective time",
		"effective date time", "effective datetime", "valid since", "start date", "activation date", "new rate effective date",
		"gultig ab", "gultig von", "wirksam ab", "startdatum", "ab datum",
		"date d effet", "date d application", "valable a partir du", "a partir du", "en vigueur", "date de debut", "en vigueur le",
		"valido desde", "fecha efectiva", "fecha de vigencia", "vigente desde", "fecha de inicio", "efectivo desde",
		"fecha de entrada en vigor":
		return meaning{field: validFromField, sure: true}, true
	case "date", "from", "from date", "datum", "ab", "gultigkeit", "fecha", "desde", "vigencia":
		return meaning{field: validFromField}, true
	}
	return meaning{}, false
}

// maxHeading bounds a heading that is looked at, in bytes.
const maxHeading = 200

// headingWords are the words of a heading that tell what it means: in small
// letters, without accents, currencies, taxes and units, but with "per minute"
// however it is written. It tells too of a price that is not one a minute.
func headingWords(heading string) ([]string, unit) {
	if len(heading) > maxHeading {
		return nil, perMinute
	}
	var words []string
	u := perMinute
	for _, word := range strings.Fields(strings.Map(plainLetter, strings.ReplaceAll(strings.ToLower(heading), "/", " / "))) {
		last := ""
		if len(words) > 0 {
			last = words[len(words)-1]
		}
		switch word {
		case "per", "pro", "par", "por", "/":
			words = append(words, "per")
		case "min", "mins", "minute", "minutes", "minuto", "minutos", "minuten":
			if last == "per" {
				word = "minute"
			}
			words = append(words, word)
		case "s", "sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden", "seconde", "secondes", "segundo", "segundos":
			if last == "per" {
				words, u = append(words, "second"), perSecond
			}
		case "cent", "cents", "ct", "cts", "pence", "centimes", "centimos", "c", "¢":
			words, u = withoutIn(words), inCents
		case "usd", "eur", "gbp", "chf", "cad", "aud", "nzd", "inr", "brl", "mxn", "jpy", "nok", "dkk", "pln", "czk", "zar",
			"sgd", "hkd", "aed", "euro", "euros", "dollar", "dollars", "us",
			"excl", "incl", "vat", "tax", "mwst", "ust", "netto", "net", "ht", "ttc", "iva", "sin":
			words = withoutIn(words)
		default:
			words = append(words, word)
		}
	}
	return unslashed(words), u
}

// withoutIn drops the "in" before a currency.
func withoutIn(words []string) []string {
	if n := len(words) - 1; n >= 0 && (words[n] == "in" || words[n] == "en") {
		return words[:n]
	}
	return words
}

// unslashed drops a slash that meant no "per", as in min/increment.
func unslashed(words []string) []string {
	kept := words[:0]
	for i, word := range words {
		if word == "per" && (i+1 == len(words) || !follows(words[i+1])) {
			continue
		}
		kept = append(kept, word)
	}
	return kept
}

// follows tells whether a price can be one per that.
func follows(word string) bool {
	switch word {
	case "minute", "second", "call", "verbindung", "anruf", "appel", "llamada":
		return true
	}
	return false
}

// plainLetter is a letter without its accent, and a blank for what is none.
func plainLetter(r rune) rune {
	switch r {
	case 'ä', 'á', 'à', 'â':
		return 'a'
	case 'é', 'è', 'ê', 'ë':
		return 'e'
	case 'í', 'î', 'ï':
		return 'i'
	case 'ö', 'ó', 'ô':
		return 'o'
	case 'ü', 'ú', 'û', 'ù':
		return 'u'
	case 'ñ':
		return 'n'
	case 'ç':
		return 'c'
	case '¢', '/':
		return r
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	return ' '
}
