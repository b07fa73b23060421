/** January to December. Where two languages use one word for different months, the language further up has it. */
const MONTHS = [
  'january february march april may june july august september october november december',
  'januar februar marz april mai juni juli august september oktober november dezember',
  'janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre',
  'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre',
  'janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro',
  'gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre',
  'januari februari maart april mei juni juli augustus september oktober november december',
  'januari februari mars april maj juni juli augusti september oktober november december',
  'januar februar marts april maj juni juli august september oktober november desember',
  'januari februari maret april mei juni juli agustus september oktober november desember',
  'jänner feber mrz april mai juno julei august sept okt nov dez',
  'gener febrer març abril maig juny juliol agost setembre octubre novembre desembre',
  'ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie',
  'január február március április május június július augusztus szeptember október november december',
  'stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia',
  'styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień',
  'ledna února března dubna května června července srpna září října listopadu prosince',
  'leden únor březen duben květen červen červenec srpen září říjen listopad prosinec',
  'tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta',
  'ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık',
  'января февраля марта апреля мая июня июля августа сентября октября ноября декабря',
  'январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь',
  'січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня',
  'януари февруари март април май юни юли август септември октомври ноември декември',
  'ιανουάριος φεβρουάριος μάρτιος απρίλιος μάιος ιούνιος ιούλιος αύγουστος σεπτέμβριος οκτώβριος νοέμβριος δεκέμβριος',
  'ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιονίου ιολίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου',
  'يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر',
  'ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר',
];

/** Minutes east of Greenwich. Names with several meanings have the one that feeds mean by them most. */
const ZONES: Readonly<Record<string, string>> = {
  '-720': 'm',
  '-660': 'sst l',
  '-600': 'hst taht k hawaii',
  '-540': 'akst i hdt',
  '-480': 'pst pt akdt h',
  '-420': 'mst mt pdt g',
  '-360': 'cst ct mdt f',
  '-300': 'est et cdt pet cot e',
  '-240': 'ast at edt clt bot vet d',
  '-210': 'nst',
  '-180': 'adt brt art clst uyt pyst c',
  '-150': 'ndt',
  '-120': 'brst fnt b',
  '-60': 'azot a cvt',
  '0': 'utc ut gmt z wet azost iceland',
  '60': 'cet met mez bst wat west n ist-ireland',
  '120': 'cest mest mesz eet cat sast o kalt',
  '180': 'eest msk eat idt trt fet arabia p',
  '210': 'irst',
  '240': 'msd gst azt get amt samt q',
  '270': 'irdt aft',
  '300': 'pkt uzt yekt tmt mvt r',
  '330': 'ist slst',
  '345': 'npt',
  '360': 'bdt almt omst s btt',
  '390': 'mmt',
  '420': 'ict wib novt krat t hovt',
  '480': 'hkt sgt myt pht wita awst irkt u ulat cst-china',
  '540': 'jst kst wit yakt tlt v',
  '570': 'acst',
  '600': 'aest vlat chst pgt w',
  '630': 'acdt',
  '660': 'aedt magt sbt x nct',
  '720': 'nzst fjt pett y',
  '765': 'chast',
  '780': 'nzdt phot tot',
};

/** Lower case without accents, so that `Ιούλ`, `JÚLIUS` and `março` are found. */
export function plainWord(word: string): string {
  return word
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replaceAll('ı', 'i')
    .replaceAll('ς', 'σ');
}

const SHORTEST = 3;

function monthWords(): Map<string, number> {
  const words = new Map<string, number>();
  for (const language of MONTHS) {
    for (const [index, name] of language.split(' ').entries()) {
      const word = plainWord(name);
      for (let length = word.length; length >= Math.min(SHORTEST, word.length); length--) {
        const prefix = word.slice(0, length);
        if (!words.has(prefix)) words.set(prefix, index + 1);
      }
    }
  }
  return words;
}

/** The month (1–12) that a plain word names, in full or cut to three letters or more. */
export const MONTH_OF: ReadonlyMap<string, number> = monthWords();

export const ZONE_OF: ReadonlyMap<string, number> = new Map(
  Object.entries(ZONES).flatMap(([minutes, names]) => names.split(' ').map((name) => [name, Number(minutes)] as const)),
);
