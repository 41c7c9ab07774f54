/** The function words of some languages, which decide where a line may break: before some, and never after others. */

export interface Grammar {
  /** Articles and determiners: what they belong to follows. */
  readonly articles: ReadonlySet<string>;
  readonly prepositions: ReadonlySet<string>;
  readonly conjunctions: ReadonlySet<string>;
  /** Auxiliary verbs, negations and pronouns before a verb. */
  readonly auxiliaries: ReadonlySet<string>;
}

function grammar(articles: string, prepositions: string, conjunctions: string, auxiliaries: string): Grammar {
  const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));
  return {
    articles: set(articles),
    prepositions: set(prepositions),
    conjunctions: set(conjunctions),
    auxiliaries: set(auxiliaries),
  };
}

export const GRAMMARS: Readonly<Record<string, Grammar>> = {
  en: grammar(
    'a an the this that these those my your his her its our their some any no every each',
    'about above across after against along among around at before behind below beside between by during for from in inside into like near of off on onto out over past since through to toward towards under until up upon with within without',
    'and but or nor so yet because although though if unless while when where whereas who whom whose which that than as',
    "am is are was were be been being have has had do does did will would shall should can could may might must not don't doesn't didn't won't can't isn't aren't wasn't i you he she it we they to",
  ),
  es: grammar(
    'el la los las un una unos unas lo este esta estos estas ese esa mi tu su mis tus sus nuestro nuestra cada',
    'a al ante bajo con contra de del desde durante en entre hacia hasta para por según sin sobre tras',
    'y e o u pero sino porque aunque si cuando donde mientras que como pues ni quien cual',
    'he has ha hemos han había habían ser es son era eran fue está están estaba estaban voy vas va vamos van puede pueden debe deben no me te se nos yo tú él ella',
  ),
  fr: grammar(
    'le la les un une des du ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs chaque',
    'à au aux avec avant après chez contre dans de depuis derrière devant durant en entre par parmi pendant pour sans sous sur vers',
    'et ou mais donc or ni car que qui quand si lorsque puisque comme parce où dont',
    'ai as a avons avez ont avait avaient suis es est sommes êtes sont était étaient sera vais vas va allons allez vont peut peuvent doit doivent ne je tu il elle on nous vous ils elles se me te',
  ),
  de: grammar(
    'der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem mein meine dein deine sein seine ihr ihre unser unsere kein keine jeder jede jedes',
    'ab an am auf aus außer bei beim bis durch für gegen gegenüber hinter im in ins mit nach neben ohne seit über um unter von vom vor während wegen zu zum zur zwischen',
    'und oder aber denn sondern dass weil obwohl wenn als ob während bevor nachdem damit der die das wo wie',
    'bin bist ist sind seid war waren habe hast hat haben hatte hatten werde wird werden wurde wurden kann können muss müssen soll will nicht zu ich du er sie es wir',
  ),
  it: grammar(
    'il lo la i gli le un uno una questo questa questi queste quel quella mio mia tuo tua suo sua nostro nostra ogni',
    'a al alla ai alle con contro da dal dalla dai di del della dei delle dello dentro dopo durante fino fra in nel nella nei nelle per prima senza sopra sotto su sul sulla tra verso',
    'e ed o ma però perché se quando mentre che come dove né quindi anche cui',
    'ho hai ha abbiamo avete hanno aveva avevano sono sei è siamo siete era erano può possono deve devono non io tu lui lei noi mi ti si ci',
  ),
  pt: grammar(
    'o a os as um uma uns umas este esta esse essa meu minha seu sua nosso nossa cada',
    'a ao à aos às ante após até com contra de do da dos das desde em no na nos nas entre para pela pelo perante por sem sob sobre',
    'e ou mas porque embora se quando onde enquanto que como nem pois quem',
    'sou é somos são era eram foi está estão estava tenho tem têm tinha vou vai vamos vão pode podem deve devem não eu tu ele ela nós me te se',
  ),
  nl: grammar(
    'de het een deze die dit dat mijn jouw zijn haar ons onze hun elk elke geen',
    'aan achter bij binnen boven door in langs met na naar naast om onder op over per sinds te tegen tot tussen uit van via voor zonder',
    'en of maar want omdat hoewel als wanneer terwijl dat die waar dan toen zodat',
    'ben bent is zijn was waren heb hebt heeft hebben had hadden zal zullen wordt worden kan kunnen moet moeten niet te ik jij hij zij het wij',
  ),
  ca: grammar(
    'el la els les un una uns unes aquest aquesta el meu la meva cada',
    'a al als amb contra de del dels des durant en entre fins per pel pels sense sobre sota',
    'i o però perquè encara si quan on mentre que com ni',
    'he has ha hem heu han havia sóc és som són era eren està estan vaig va van pot poden no em et es',
  ),
  ru: grammar(
    'этот эта это эти тот та те мой моя моё мои твой наш ваш его её их каждый',
    'без в во для до за из к ко между на над о об от перед по под при про с со у через',
    'и а но или да что чтобы если когда где потому хотя пока как который которая которые',
    'не буду будет будут был была были я ты он она мы вы они',
  ),
};
