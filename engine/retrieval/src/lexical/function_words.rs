//! Words that say little alone, by language: articles, prepositions, pronouns, auxiliaries, and words that ask.
//!
//! They tell languages apart, and count for little in a question beside what it is about.

use super::language::Language::{self, *};
use super::normal::{fold, normalize};
use std::sync::OnceLock;

/// Lists of words in the order of their languages.
const WORDS: [(Language, &str); 24] = [
    (
        English,
        "the a an and or but if of to in on at by for from with without as into about over under between is are was \
        were be been being am do does did done doing has have had having can could may might must shall should will would \
        i you he she it we they me him her us them my your his its our their this that these those there here who whom whose \
        what which when where why how not no nor so than then too very just any some each all much many",
    ),
    (
        German,
        "der die das den dem des ein eine einen einem einer eines und oder aber wenn weil dass als auch auf aus bei \
        bis durch für gegen im in ins mit nach ohne seit über um unter von vom vor zu zum zur ist sind war waren sein wird \
        werden wurde wurden hat haben hatte hatten kann können muss müssen soll sollen darf dürfen ich du er sie es wir ihr \
        mich mir ihn ihm uns euch mein meine meinen dein seine ihre ihren unser dieser diese dieses diesem diesen jeder jede \
        wer was wann wo wohin woher warum wie wieviel welche welcher welches nicht kein keine so nur noch schon sehr man \
        dort hier sich am an beim viel viele gibt",
    ),
    (
        French,
        "le la les un une des du de et ou mais si que qui quoi dont où quand comment pourquoi combien quel quelle quels \
        quelles au aux en dans par pour sur sous avec sans chez vers entre ne pas plus est sont était étaient être été suis \
        sommes ai as a ont avait avoir peut peuvent doit doivent faut fait faire je tu il elle on nous vous ils elles me te se \
        lui leur leurs mon ma mes ton ta tes son sa ses notre nos votre vos ce cet cette ces cela ça ici là y tout tous toute \
        toutes très aussi même comme l d j qu n s c m t",
    ),
    (
        Spanish,
        "el la los las un una unos unas y o pero si que quien quién quiénes qué cuál cuáles cuándo cuando cómo como \
        dónde donde cuánto cuánta cuántos por para con sin sobre entre hasta desde de del al a en es son era eran fue fueron \
        ser está están estar hay ha han había he tiene tienen puede pueden debe deben yo tú él ella nosotros ellos ellas me te \
        se lo le les nos mi mis tu tus su sus nuestro nuestra este esta estos estas ese esa eso esto aquí allí no ni más muy \
        también ya todo todos toda todas cada",
    ),
    (
        Portuguese,
        "o a os as um uma uns umas e ou mas se que quem qual quais quando como onde quanto quantos quanta por para \
        pelo pela com sem sobre entre até desde de do da dos das no na nos nas em ao aos à às é são era eram foi foram ser está \
        estão estar há tem têm tinha pode podem deve devem eu tu ele ela nós eles elas você vocês me te lhe meu minha seu sua \
        seus suas nosso nossa este esta estes estas esse essa isso isto aquele aquela aqui não nem mais muito também já todo \
        todos toda todas cada",
    ),
    (
        Italian,
        "il lo la i gli le un uno una e ed o ma se che chi cui quale quali quando come dove perché quanto quanta quanti \
        di del dello della dei degli delle a al allo alla ai agli alle da dal dalla in nel nella nei nelle con su sul sulla per \
        tra fra senza è sono era erano essere stato stata ha hanno aveva ho può possono deve devono io tu lui lei noi voi loro mi \
        ti si ci vi lo mio mia tuo suo sua nostro nostra vostro questo questa questi queste quello quella qui lì non né più molto \
        anche già ogni tutto tutti tutte dell nell all dall sull c l d un",
    ),
    (
        Dutch,
        "de het een en of maar als dat die wie wat waar wanneer waarom hoe hoeveel welke van voor met zonder op in aan uit \
        bij door over onder tussen naar tot om te tegen is zijn was waren ben bent wordt worden werd werden heeft hebben had \
        hadden kan kunnen moet moeten mag mogen zal zullen ik jij je hij zij ze wij we jullie mij me hem haar ons hun mijn jouw uw \
        u deze dit daar hier er niet geen ook nog al zeer veel meer dan zo wel men zich elk elke ieder iedere geeft",
    ),
    (
        Swedish,
        "en ett den det de och eller men om att som är var varit vara blir blev har hade kan kunde ska skall skulle måste \
        får inte ingen inga jag du han hon vi ni dem mig dig honom henne oss er min mitt mina din ditt sin sitt sina vår våra \
        deras denna detta dessa vem vad vilken vilket vilka när var varför hur hos på i av till från med utan för vid mellan under \
        över efter innan också bara mycket många alla här där så än då",
    ),
    (
        Danish,
        "en et den det de og eller men om at som er var været være bliver blev har havde kan kunne skal skulle må ikke ingen \
        intet jeg du han hun vi i dem mig dig ham hende os jer min mit mine din dit sin sit sine vores deres denne dette disse hvem \
        hvad hvilken hvilket hvilke hvornår hvor hvorfor hvordan hos på af til fra med uden for ved mellem under over efter før \
        også kun meget mange alle her der så end da",
    ),
    (
        Norwegian,
        "en ei et den det de og eller men om at som er var vært være blir ble har hadde kan kunne skal skulle må ikke ingen \
        ikkje jeg eg du han hun vi dere dem meg deg ham henne oss min mitt mine din ditt sin sitt sine vår våre deres denne dette \
        disse hvem hva hvilken hvilket hvilke når hvor hvorfor hvordan hos på av til fra med uten for ved mellom under over etter \
        før også bare mye mange alle her der så enn da",
    ),
    (
        Finnish,
        "ja tai mutta jos että kun kuin joka jotka jonka mikä mitä mitkä missä mistä mihin milloin miksi miten kuinka kuka \
        ketä kenen paljonko montako onko on ovat oli olivat olla ollut ole ei eivät en et emme voi voivat pitää täytyy minä sinä hän \
        me te he se ne tämä tämän nämä tuo nuo minun sinun hänen meidän teidän heidän sen niiden siitä tässä siellä täällä myös \
        vain vielä jo niin hyvin sekä kanssa ilman ennen jälkeen",
    ),
    (
        Hungarian,
        "a az egy és vagy de ha hogy mint ami amely aki ki mi kik mit mikor hol hova honnan miért hogyan mennyi hány melyik \
        van vannak volt voltak lesz lesznek lenni nem ne nincs sem én te ő mi ti ők engem ez ezt ezek azt azok itt ott csak már még \
        is meg fel le el be kell lehet tud után előtt alatt között mellett nélkül szerint által minden nagyon több",
    ),
    (
        Polish,
        "i oraz lub albo ale jeśli że który która które kto co czego kiedy gdzie dlaczego jak ile czy jaki jaka jakie w we z ze \
        na do od dla o po przed przy przez pod nad bez między jest są był była było były być będzie może mogą musi muszą ma mają nie \
        ja ty on ona ono my wy oni ich jego jej go mu się ten ta to te tego tej tych tym tu tam już tylko także też bardzo więcej za u",
    ),
    (
        Czech,
        "a i nebo ale pokud že který která které kdo co čeho kdy kde proč jak kolik jaký jaká jaké v ve z ze na do od pro o po před \
        při přes pod nad bez mezi je jsou byl byla bylo byly být bude může mohou musí má mají ne není já ty on ona ono my vy oni jejich \
        jeho její ho mu se si ten ta to ty toho té těch tím tu tam už jen také velmi více za u s k",
    ),
    (
        Romanian,
        "un o unei unui și sau dar dacă că care cine ce când unde cum cât câți câte de la în din pe cu fără pentru prin până \
        între sub peste este sunt era erau fi fost are au avea poate pot trebuie nu eu tu el ea noi voi ei ele îmi îți își se le lui \
        al ai ale mea meu său sa acest această acești aceste acel acea aici acolo mai foarte și doar toate toți cel cea",
    ),
    (
        Turkish,
        "bir ve veya ya da de ama fakat eğer ki ile için gibi kadar göre sonra önce üzerinde altında arasında bu şu o bunlar \
        şunlar onlar ben sen biz siz benim senin onun bizim sizin kim kimin ne neden niçin nasıl nerede nereye nereden hangi kaç \
        zaman mi mı mu mü var yok değil olan olarak oldu olur olmak her daha çok en hiç şey tüm bütün ise mıdır midir",
    ),
    (
        Vietnamese,
        "và hoặc hay nhưng nếu thì là của cho với trong ngoài trên dưới ở tại từ đến về bằng để mà các những một mỗi này đó \
        kia ấy tôi bạn anh chị nó chúng ta họ ai gì nào đâu khi sao thế bao nhiêu mấy có không chưa đã đang sẽ được bị phải cần nên \
        cũng rất lại ra vào do vì như",
    ),
    (
        Indonesian,
        "yang dan atau tetapi jika kalau bahwa di ke dari pada dengan tanpa untuk oleh dalam antara sampai ini itu adalah \
        ialah akan telah sudah belum sedang bisa dapat harus boleh tidak bukan saya aku kamu anda dia mereka kami kita siapa apa kapan \
        mana dimana bagaimana mengapa kenapa berapa ada juga hanya lebih sangat setiap semua para nya",
    ),
    (
        Russian,
        "и или но а если что чтобы как когда где куда откуда почему зачем кто кого чей какой какая какое какие который которая \
        сколько в во на с со к ко у о об от до из за по под над при про без для между через не ни да нет это этот эта эти тот та те \
        того я ты он она оно мы вы они меня тебя его её ему ей нас вас их им мой моя ваш наш свой быть был была было были есть будет \
        может можно нужно надо должен ли же бы уже ещё только также очень все всё весь там тут здесь",
    ),
    (
        Ukrainian,
        "і й та або але а якщо що щоб як коли де куди звідки чому хто кого чий який яка яке які котрий скільки в у на з із зі \
        до від по під над при про без для між через не ні так це цей ця ці той я ти він вона воно ми ви вони мене його її їх їм мій моя \
        ваш наш свій бути був була було були є буде може можна треба потрібно чи же б вже ще тільки також дуже всі все весь там тут",
    ),
    (
        Greek,
        "ο η το οι τα του της των τον την τους τις ένας μία ένα και ή αλλά αν ότι πως που να θα δεν μη με σε στο στη στην στον \
        στα στις στους από για προς χωρίς είναι ήταν έχει έχουν είχε πρέπει μπορεί εγώ εσύ αυτός αυτή αυτό αυτά μου σου μας σας τι ποιος \
        ποια ποιο πότε πού γιατί πώς πόσο πόσα όχι πολύ πιο όλα όλοι κάθε",
    ),
    (
        Arabic,
        "في من إلى على عن مع بين حتى منذ خلال بعد قبل عند لدى و أو ثم لكن إذا أن إن التي الذي الذين هذا هذه ذلك تلك هؤلاء هنا هناك \
        هو هي هم نحن أنا أنت ما ماذا متى أين كيف لماذا كم من أي هل لا لم لن ليس غير كان كانت يكون تكون قد كل بعض يجب يمكن به بها فيها فيه له \
        لها لهم منها منه عليه عليها",
    ),
    (
        Hebrew,
        "של את על אל עם בין עד אם או אבל כי כאשר אשר זה זאת זו אלה אלו הוא היא הם הן אני אתה אנחנו מה מי מתי איפה היכן איך מדוע למה \
        כמה איזה איזו האם לא אין יש היה היתה הייתה היו יהיה להיות כל גם רק עוד מאוד יותר לפני אחרי לו לה להם שלי שלו שלה שלנו אותו אותה ניתן צריך",
    ),
    (
        Hindi,
        "का की के को में से पर तक और या लेकिन अगर यदि कि जो जब तब है हैं था थी थे हो होना होता होती होते गया गई गए रहा रही रहे कर करना \
        करें किया जाता जाती सकता सकते चाहिए यह वह ये वे इस उस इन उन मैं हम आप तुम मेरा हमारा आपका अपना अपने कौन क्या कब कहाँ कहां कैसे क्यों कितना \
        कितने कितनी किस किसे कौन नहीं न भी ही तो बहुत सब लिए साथ बाद पहले द्वारा",
    ),
];

/// What runs of scripts without spaces consist of when they say little.
const STRINGS: [&str; 4] = [
    // Chinese.
    "的 了 是 在 和 与 或 及 吗 呢 吧 啊 么 我 你 您 他 她 它 们 我们 你们 他们 这 那 这个 那个 这里 那里 哪 哪里 哪儿 哪个 哪些 谁 什么 什麼 \
     怎么 怎麼 怎样 怎麼樣 如何 为什么 為什麼 几 多少 多久 什么时候 何时 是否 可以 能 能否 需要 应该 要 请 请问 有 没有 有没有 不 也 都 就 还 把 被 让 \
     给 对 从 到 由 于 於 個 個月 這 這個 嗎 誰 請問 哪裡 還 會",
    // Japanese.
    "は が を に で と も の へ から まで より や か ね よ です ます でした ました ません ですか ますか でしょうか する した して しています します される された \
     いる いた います ある あります ない こと もの ため など これ それ あれ この その あの ここ そこ どこ だれ 誰 いつ なに なん 何 何時 なぜ どう どの どれ どんな \
     いくら いくつ どのくらい ください 下さい ようです という",
    // Thai.
    "ที่ไหน อยู่ อะไร เมื่อไร เมื่อไหร่ อย่างไร ยังไง ใคร ทำไม เท่าไร เท่าไหร่ กี่ ไหม มั้ย หรือไม่ หรือ ไหน ได้ คือ เป็น มี และ ของ ใน ที่ ให้ จะ ต้อง \
     กับ จาก ไป มา ไม่ ก็ แต่ ว่า นี้ นั้น ครับ ค่ะ คะ โดย ถึง ตอน บ้าง",
    // Lao, Khmer, Burmese.
    "ຢູ່ໃສ ຢູ່ ຫຍັງ ເມື່ອໃດ ແນວໃດ ໃຜ ເປັນຫຍັງ ເທົ່າໃດ ມີ ແລະ ຂອງ ໃນ ທີ່ ເປັນ ໄດ້ ບໍ່ ຈະ ຕ້ອງ នៅឯណា នៅ អ្វី ពេលណា យ៉ាងណា នរណា ហេតុអ្វី ប៉ុន្មាន មាន និង របស់ ក្នុង ជា \
     បាន ទេ ដែល ဘယ်မှာ ဘာ ဘယ်တော့ ဘယ်လို ဘယ်သူ ဘာကြောင့် ဘယ်လောက် ရှိ နှင့် ၏ တွင် မှာ သည် က ကို များ သလဲ လဲ",
];

/// Korean words that say little, without what is written to them.
const KOREAN: &str = "어디 어디서 어디에 언제 누구 누가 무엇 무엇을 무슨 뭐 왜 어떻게 어떤 어느 얼마 얼마나 몇 있나요 있습니까 있는 있다 있습니다 없는 없습니다 \
    하나요 합니까 되나요 됩니까 인가요 입니까 할 하는 수 것 이 그 저 및 또는 그리고 위한 대한 때 우리 나 내 제 저희 당신 있어요 해요 돼요";

/// The languages, as [bits](Language::bit), in which a word says little. `word` is in lower case, without accents.
pub(super) fn languages_of(word: &str) -> u32 {
    static TABLE: OnceLock<Table> = OnceLock::new();
    find(TABLE.get_or_init(|| table(fold)), word)
}

/// The same for a [normalised](normalize) word with its accents: those tell languages apart.
pub(super) fn languages_of_exactly(word: &str) -> u32 {
    static TABLE: OnceLock<Table> = OnceLock::new();
    find(TABLE.get_or_init(|| table(str::to_owned)), word)
}

/// Words in order, with their languages.
type Table = Vec<(String, u32)>;

fn find(table: &Table, word: &str) -> u32 {
    table.binary_search_by(|(other, _)| other.as_str().cmp(word)).map_or(0, |at| table[at].1)
}

fn table(form: impl Fn(&str) -> String) -> Table {
    let words =
        WORDS.iter().flat_map(|(language, words)| words.split_whitespace().map(|word| (word, *language)));
    let korean = KOREAN.split_whitespace().map(|word| (word, Korean));
    let (mut table, mut normal) = (Table::new(), String::new());
    for (word, language) in words.chain(korean) {
        normalize(word, &mut normal);
        table.push((form(&normal), language.bit()));
    }
    table.sort_unstable();
    table.dedup_by(|(word, bits), (before, all)| {
        let is_same = word == before;
        if is_same {
            *all |= *bits;
        }
        is_same
    });
    table
}

/// Where a run of a script without spaces says little: bytes of it, in order.
pub(super) fn spans(run: &str) -> Vec<(usize, usize)> {
    let strings = strings();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < run.len() {
        let rest = &run[at..];
        // The longest ones come first.
        let len = strings.iter().find(|some| rest.starts_with(some.as_str())).map(String::len);
        if let Some(len) = len {
            spans.push((at, at + len));
        }
        at += len.or_else(|| rest.chars().next().map(char::len_utf8)).unwrap_or(1);
    }
    spans
}

fn strings() -> &'static [String] {
    static STRINGS_BY_LENGTH: OnceLock<Vec<String>> = OnceLock::new();
    STRINGS_BY_LENGTH.get_or_init(|| {
        let mut normal = String::new();
        let mut strings: Vec<String> = STRINGS
            .iter()
            .flat_map(|some| some.split_whitespace())
            .map(|some| {
                normalize(some, &mut normal);
                normal.clone()
            })
            .collect();
        strings.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        strings.dedup();
        strings
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_languages() {
        assert_eq!(languages_of_exactly("the"), English.bit());
        // Without accents it is a Vietnamese word too.
        assert_eq!(languages_of("the"), English.bit() | Vietnamese.bit());
        assert_eq!(languages_of("fur"), German.bit());
        assert_eq!(languages_of_exactly("fur"), 0);
        assert_eq!(languages_of("otter"), 0);
        let shared = German.bit() | Danish.bit() | Norwegian.bit();
        assert_eq!(languages_of("er") & shared, shared);
    }

    #[test]
    fn spans_of_runs_are_the_longest_words() {
        let run = "钥匙在哪里";
        let found: Vec<&str> = spans(run).into_iter().map(|(from, to)| &run[from..to]).collect();
        assert_eq!(found, ["在", "哪里"]);
    }
}
