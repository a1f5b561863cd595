"""Words that say nothing about a text, by language; without accents, as the analyser sees them."""

_WORDS = {
    "en": """
        a about above after again against all am an and any are as at be because been before being below between
        both but by can could d did do does doing down during each few for from further had has have having he
        her here hers him his how i if in into is it its just ll m me more most my no nor not now of off on once
        only or other our ours out over own re s same shall she should so some such t than that the their theirs
        them then there these they this those through to too under until up ve very was we were what when where
        which while who whom why will with would you your yours
    """,
    "de": """
        aber als am an auch auf aus bei bin bis bist da dadurch dafur damit dann das dass dein deine dem den
        denn der deren des dessen die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem
        einen einer eines er es euer eure fur hatte hatten hier hinter ich ihr ihre ihrem ihren ihrer im in ist
        ja jede jedem jeden jeder jedes jener kann kein keine konnen machen man mein meine mit mussen nach nicht
        noch nun nur ob oder ohne sein seine seinem seinen seiner seit sich sie sind so soll sollen sondern uber
        um und uns unser unsere unter vom von vor wann war waren warum was weiter wenn wer werde werden weshalb
        wie wieder wieviel wir wird wo wurde wurden zu zum zur zwischen
    """,
    "fr": """
        a ai as au aux avec c ce ceci cela ces cet cette comme d dans de des donc dont du elle elles en est et
        eu eux fait il ils j je l la le les leur leurs lui m ma mais me meme mes moi mon n ne ni nos notre nous
        on ont ou par pas plus pour pourquoi qu quand que quel quelle quelles quels qui s sa sans se ses si son
        sont sur t ta te tes toi ton tous tout toute toutes tres tu un une vos votre vous y
    """,
    "es": """
        a al algo ante antes aquel aquella aunque cada como con contra cual cuales cuando cuanto de del desde
        donde dos durante e el ella ellas ellos en entre era eran es esa esas ese eso esos esta estan estas este
        esto estos fue fueron ha han hasta hay la las le les lo los mas me mi mis mucho muy ni no nos nosotros o
        os otra otro para pero por porque que quien quienes se ser si sin sobre son su sus tambien te tiene todo
        todos tu tus un una unas uno unos y ya yo
    """,
    "it": """
        a ad agli ai al alla alle allo anche c che chi ci come con contro cosa cui d da dagli dai dal dalla
        dalle dallo degli dei del della delle dello di dove e ed era erano essere fra gli ha hai hanno ho i il
        in io l la le lei li lo loro lui m ma me mi mia mie miei mio ne negli nei nel nella nelle nello noi non
        nostra nostro o per perche piu quale quali quando quanto quella quelle quelli quello questa queste
        questi questo s se sei si sia siamo sono sta su sua sue sugli sui sul sulla sulle sullo suo suoi t ti
        tra tu tua tuo un una uno v vi voi
    """,
    "nl": """
        aan al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een en er ge
        geen had heb hebben heeft hem het hier hij hoe hun iemand iets ik in is ja je kan kon kunnen maar me
        meer men met mij mijn moet na naar niet niets nog nu of om omdat ons onze ook op over reeds s t te tegen
        toch toen tot u uit uw van veel voor waar waarom want waren was wat we wel welke werd wezen wie wij wil
        worden wordt zal ze zelf zich zij zijn zo zonder zou
    """,
    "pt": """
        a ao aos aquela aquele aquilo as ate com como da das de dela dele deles depois do dos e ela elas ele
        eles em entre era eram essa essas esse esses esta estas este estes eu foi foram ha isso isto ja la lhe
        mais mas me mesmo meu meus minha muito na nao nas nem no nos nossa nosso num numa o onde os ou para pela
        pelas pelo pelos por porque quais qual quando que quem sao se sem ser seu seus so sua suas tambem te tem
        teu tinha tu um uma uns voce
    """,
}

STOP_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
