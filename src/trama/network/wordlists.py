"""Words by which a mail box of a body is told from that of a person, and one body from several."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


FREE_PROVIDERS = _set(
    "gmail.com googlemail.com gmail.it libero.it alice.it tim.it tin.it virgilio.it hotmail.com hotmail.it "
    "outlook.com outlook.it live.com live.it msn.com yahoo.com yahoo.it ymail.com icloud.com me.com mac.com "
    "tiscali.it tiscalinet.it fastwebnet.it teletu.it iol.it inwind.it aruba.it email.it vodafone.it wind.it "
    "proton.me protonmail.com gmx.com gmx.net aol.com inbox.com mail.com interfree.it supereva.it katamail.com "
    "poste.it"
)

# What only a body, an office or a service is called: enough by itself, also at a provider where anybody has a mail box.
UNMISTAKABLE = _set(
    "segreteria redazione biblioteca sportello serviziosociale servizisociali ufficio parrocchia oratorio "
    "caritas caritasparrocchiale casadiquartiere casaquartiere centrosociale centrofamiglie centroascolto "
    "centrodiurno centroanziani centrogiovani centroantiviolenza associazione cooperativa fondazione polisportiva "
    "circoloarci patronato comitato consulta ludoteca emporiosolidale emporio mensa informagiovani "
    "informafamiglie protocollo amministrazione serviziocivile puntoinformativo puntoascolto proloco "
    "protezionecivile condominio cucinepopolari"
)

# Words of roles and offices: they tell a body where the mail domain is its own.
ROLE_WORDS = _set(
    "info informazioni contatti contatto contact segr segreteria amministrazione admin direzione protocollo pec "
    "posta mail urp reception accoglienza centralino prenotazioni iscrizioni comunicazione comunicazioni stampa "
    "ufficiostampa eventi progetti progettazione formazione corsi scuola scuole didattica volontari volontariato "
    "soci tesseramento sportello sportelli servizio servizi sociale sociali serviziosociale servizisociali "
    "ufficio uffici ufficioreti reti biblioteca caf caaf patronato pensionati inca inas fnp spi uil cgil cisl "
    "legale giuridico fiscale lavoro casa abitare housing ascolto centro centri famiglie famiglia giovani anziani "
    "donne donna migranti stranieri intercultura interculturale antiviolenza consultorio psicologico psicoterapia "
    "salute assistenza aiuto emergenza mensa emporio docce dormitorio rifugio parrocchia oratorio caritas "
    "associazione cooperativa fondazione istituto circolo polisportiva comitato consulta museo teatro palestra "
    "sport spazio spazi laboratorio laboratori educatori doposcuola infanzia nido territorio quartiere comune "
    "municipio polizialocale anagrafe caregiver disabilita disabili auser anteas ambulatorio poliambulatorio "
    "unita strada orientamento"
)

# Little words that join others in a mail box.
JOINING = _set("di da de del dei della delle dell degli al alla per in il la lo le i san santa sant santo bo")

CITIES = _set(
    "agrigento alessandria ancona aosta arezzo asti avellino bari belluno benevento bergamo biella bologna "
    "bolzano brescia brindisi cagliari caltanissetta campobasso caserta catania catanzaro chieti como cosenza "
    "cremona crotone cuneo enna fermo ferrara firenze foggia forli frosinone genova gorizia grosseto imola "
    "imperia isernia latina lecce lecco livorno lodi lucca macerata mantova massa matera messina milano modena "
    "monza napoli novara nuoro oristano padova palermo parma pavia perugia pesaro pescara piacenza pisa pistoia "
    "pordenone potenza prato ragusa ravenna reggioemilia rieti rimini roma rovigo salerno sassari savona siena "
    "siracusa sondrio taranto teramo terni torino trapani trento treviso trieste udine varese venezia verbania "
    "vercelli verona vicenza viterbo"
)

# Common first names of people who live in Italy; a mail box or a label that bears one is a person's.
FIRST_NAMES = _set(
    "adele adriana adriano agata agnese agostino ahmed aida alba alberta alberto aldo ale alessandra alessandro "
    "alessia alessio alex alfio alfonso alfredo alice alina amalia amedeo amelia amina ana anastasia andrea "
    "andreea angela angelica angelina angelo anita anna annalisa annamaria annarita antonella antonietta antonina "
    "antonino antonio arianna armando arturo asia assunta augusto aurora barbara bartolomeo beatrice benedetta "
    "benedetto bernardo bianca bruna bruno camilla carla carlo carlotta carmela carmelo carmen carmine carolina "
    "caterina cecilia celeste cesare chiara christian cinzia claudia claudio clara clelia concetta corrado cosimo "
    "costanza cristian cristiana cristiano cristina daniela daniele dante daria dario davide debora deborah denis "
    "denise diana diego domenica domenico donatella donato edoardo elena eleonora elia eliana elisa elisabetta "
    "elio eloisa ema emanuela emanuele emilia emiliano emilio emma enea enrica enrico enzo erica erika ernesto "
    "ettore eugenia eugenio eva fabio fabiana fabrizia fabrizio fatima fatma federica federico felice ferdinando "
    "fernando filippo filomena fiorella fiorenza flavia flavio franca francesca francesco franco fulvia fulvio "
    "gabriella gabriele gaetano gaia gennaro gemma gerardo giacomo giada gian giancarlo gianfranco gianluca "
    "gianluigi gianmarco gianna gianni gianpaolo gilda gina ginevra gino giordano giorgia giorgio giovanna "
    "giovanni giuditta giulia giuliana giuliano giulio giuseppe giuseppina giusy giuseppa graziano graziella "
    "grazia greta guglielmo guido hassan ibrahim ida ignazio ilaria ines ioana irene irina irma isabella isabel "
    "isa ivan ivana ivano ivo jacopo jessica jose karim katia khadija lara laura lea leila leonardo letizia lia "
    "licia lidia liliana linda lina lisa livia livio loredana lorena lorenza lorenzo loretta luca lucia luciana "
    "luciano lucio lucrezia ludovica ludovico luigi luigia luigina luisa luna lyubov maddalena manuela manuel "
    "mara marcella marcello marco margherita maria mariangela marianna mariarosa maribel mariella marika marilena "
    "marina mario marisa marta martina martino massimiliano massimo matilde matteo mattia maura maurizia maurizio "
    "mauro max melania melissa mia michela michele michelle milena mimmo mina mirco mirella miriam mirko mohamed "
    "mohammed moira monica mustafa nadia nataly natalia nicla nico nicola nicole nicoletta nicolo nina noemi nora "
    "nunzia olga olimpia omar orazio oriana orietta ornella oscar osvaldo ottavia ottavio pamela paola paolo "
    "pasquale patrizia patrizio pia pier piera pierangelo pierluigi piero pierpaolo pietro pina pino rachele "
    "raffaella raffaele raul rebecca renata renato renzo riccardo rino rita roberta roberto rocco rodolfo romeo "
    "romina rosa rosalba rosalia rosanna rosaria rosario rosella rossana rossella ruggero sabina sabrina "
    "salvatore samira samuel samuela samuele sandra sandro sara sarah saverio savino sebastiano serena sergio "
    "silvana silvano silvia silvio simona simonetta simone sofia sonia stefania stefano stella susanna svetlana "
    "tamara tania tatiana teresa terry tiziana tiziano tommaso ugo umberto valentina valentino valeria valerio "
    "vanessa vanna vera veronica vilma vincenza vincenzo virginia virna vito vittoria vittorio viviana walter "
    "yasmine youssef zoe"
)

# Words with which the name of a body begins.
BODY_WORDS = _set(
    "acer acli adra aics aias ancescao arad arca arci arcigay asd asl asp associazione associazioni ausl auser "
    "azienda banco biblioteca caritas casa cassero centro chiesa cgil circolo cisl comitato comune consorzio "
    "consulta confraternita cooperativa cooperative coop coordinamento cpia croce dipartimento dry diocesi ente "
    "fondazione gruppo istituto istituzione misericordia opera oratorio ordine palestra parrocchia patronato "
    "piazza polisportiva proloco provincia quartiere regione rete scuola sindacato società societa sportello uil "
    "uisp unione università universita"
)

# Words that many names share: they tell no body from another.
COMMON_WORDS = _set(
    "associazione ass aps odv ets onlus asd soc societa cooperativa coop sociale sociali culturale centro gruppo "
    "di del della dei delle dell degli da de la le lo il i gli e ed in per a al alla san santa santi sant s d l "
    "comitato parrocchia casa circolo fondazione istituto volontariato promozione quartiere territoriale "
    "provinciale"
)
# A part of one body, not another body.
OFFICE_WORDS = _set("dipartimento settore ufficio area sezione unita servizio sede direzione")
