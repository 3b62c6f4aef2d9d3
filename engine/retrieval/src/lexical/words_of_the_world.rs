//! Small collections in twelve languages, asked by words: the analysis as a whole.

use super::bm25::Corpus;
use super::collect::Collected;
use super::detect::detect;
use super::postings::{Posting, read};
use super::question::question;
use super::terms::Term;
use std::collections::BTreeMap;

/// The rows of `texts` by their scores for a question, best first.
fn ranked(texts: &[&str], asked: &str) -> Vec<usize> {
    let mut found: BTreeMap<Term, BTreeMap<usize, Posting>> = BTreeMap::new();
    let (mut words, mut languages) = (0, Vec::new());
    for (row, text) in texts.iter().enumerate() {
        let mut collected = Collected::default();
        let language = detect(text);
        languages.push(language);
        words += u64::from(collected.push(&[text], language));
        for bytes in collected.encode().1.values() {
            read(bytes, |_| true, |term, posting| _ = found.entry(term).or_default().insert(row, posting))
                .unwrap();
        }
    }
    let corpus = Corpus { rows: texts.len() as u64, words };
    let mut scores = vec![0.0; texts.len()];
    for wanted in question(asked, &languages) {
        let mut rows: BTreeMap<usize, Posting> = BTreeMap::new();
        for (row, posting) in wanted.alternatives.iter().filter_map(|term| found.get(term)).flatten() {
            rows.entry(*row)
                .and_modify(|all| all.count = all.count.saturating_add(posting.count))
                .or_insert(*posting);
        }
        let weight = wanted.weight * corpus.weight(rows.len() as u64);
        rows.iter().for_each(|(row, posting)| scores[*row] += corpus.score(weight, *posting));
    }
    let mut rows: Vec<usize> = (0..texts.len()).filter(|row| scores[*row] > 0.0).collect();
    rows.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    rows
}

#[track_caller]
fn first(texts: &[&str], asked: &[(&str, usize)]) {
    let wrong: Vec<_> = asked
        .iter()
        .map(|(asked, row)| (*asked, *row, ranked(texts, asked)))
        .filter(|(_, row, found)| found.first() != Some(row))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn chinese() {
    let texts = [
        "图书馆周一闭馆，借书证在前台办理。",
        "游泳池的水每周更换一次。",
        "自行车请停在后院，不要堵住大门。",
    ];
    first(&texts, &[("借书证在哪里办？", 0), ("自行车停哪儿", 2), ("换水", 1), ("泳池", 1), ("门", 2)]);
}

#[test]
fn japanese() {
    let texts = [
        "パンは毎朝七時に焼き上がります。",
        "バンの鍵は倉庫の棚にあります。",
        "エレベーターは日曜日に点検します。",
    ];
    first(
        &texts,
        &[("パン", 0), ("バン", 1), ("エレベータの点検はいつですか", 2), ("鍵はどこ", 1), ("朝", 0)],
    );
}

#[test]
fn korean() {
    let texts = [
        "도서관에서는 음식을 먹을 수 없습니다.",
        "세탁기는 지하 창고에 있습니다.",
        "정기회의를 매달 첫째 월요일에 합니다.",
    ];
    first(
        &texts,
        &[("도서관", 0), ("세탁기가 어디에 있나요?", 1), ("회의는 언제 합니까", 2), ("음식", 0), ("창고", 1)],
    );
}

#[test]
fn thai() {
    let texts = ["สระว่ายน้ำปิดทุกวันจันทร์", "กุญแจห้องเก็บของอยู่ที่ยาม", "รถรับส่งออกเวลาเจ็ดโมงเช้า"];
    first(&texts, &[("กุญแจอยู่ที่ไหน", 1), ("สระว่ายน้ำ", 0), ("รถ", 2), ("ห้องเก็บของ", 1), ("น้ำ", 0)]);
}

#[test]
fn hindi() {
    let texts = [
        "पुस्तकालय सोमवार को बंद रहता है।",
        "चाबी नीली अलमारी में रखी है।",
        "बिजली का बिल महीने की दस तारीख तक जमा करें।",
    ];
    first(&texts, &[("चाबी कहाँ है?", 1), ("पुस्तकालय कब बंद है", 0), ("बिजली बिल", 2), ("अलमारियों", 1)]);
}

#[test]
fn arabic() {
    let texts = ["المكتبة مغلقة يوم الإثنين.", "مفتاح المخزن عند الحارس.", "تُدفع الفواتير في أول الشهر."];
    first(&texts, &[("أين المفتاح؟", 1), ("مكتبه", 0), ("متى تدفع الفاتورة والفواتير", 2), ("للحارس", 1)]);
}

#[test]
fn hebrew() {
    let texts = ["הספרייה סגורה ביום שני.", "המפתח של המחסן אצל השומר.", "חשבונות משולמים בתחילת החודש."];
    first(&texts, &[("איפה מפתח המחסן?", 1), ("ספרייה", 0), ("חשבון או חשבונות", 2), ("לשומר", 1)]);
}

#[test]
fn russian() {
    let texts = [
        "Библиотека закрыта по понедельникам.",
        "Ключи от склада лежат у сторожа.",
        "Счета за свет оплачивают до десятого числа. Ёлку ставят в холле.",
    ];
    first(&texts, &[("Где ключ от склада?", 1), ("библиотеки", 0), ("оплата счетов", 2), ("елка", 2)]);
}

#[test]
fn german() {
    let texts = [
        "Die Mülltonnen stehen im Hinterhof und werden dienstags geleert.",
        "Der Kellerschlüssel hängt neben der Haustür.",
        "Die Kündigungsfrist für den Mietvertrag beträgt drei Monate.",
        "Der Spielplatz ist bis 20 Uhr geöffnet.",
    ];
    first(
        &texts,
        &[("Wo ist der Schlüssel?", 1), ("Vertrag kündigen", 2), ("TÜR", 1), ("Muelltonne", 0), ("Frist", 2)],
    );
}

#[test]
fn french() {
    let texts = [
        "La bibliothèque est fermée le lundi.",
        "Les clés de l’entrepôt sont chez le gardien.",
        "Les factures sont payées au début du mois.",
    ];
    first(
        &texts,
        &[
            ("Où est la clé de l'entrepôt ?", 1),
            ("bibliotheques", 0),
            ("payer une facture", 2),
            ("ENTREPOT", 1),
        ],
    );
}

#[test]
fn turkish() {
    let texts = [
        "Kütüphane pazartesi günleri kapalıdır.",
        "Deponun anahtarı bekçide duruyor.",
        "Faturalar ayın başında ödenir. İtiraz yazılı yapılır.",
    ];
    first(
        &texts,
        &[("Anahtar nerede?", 1), ("kutuphane", 0), ("fatura ödemesi", 2), ("itiraz", 2), ("İTİRAZ", 2)],
    );
}

#[test]
fn vietnamese() {
    let texts = [
        "Thư viện đóng cửa vào thứ hai.",
        "Chìa khóa kho ở chỗ bảo vệ.",
        "Hóa đơn được trả vào đầu tháng.",
        "Khóa học bắt đầu lúc tám giờ.",
    ];
    first(&texts, &[("chìa khóa ở đâu", 1), ("thu vien", 0), ("hóa đơn", 2), ("khoa hoc", 3)]);
}

#[test]
fn codes_in_order() {
    let texts = [
        "Clause 3.4.1 is about rent.",
        "Clause 3.1.4 is about heating.",
        "Clause 4.1.3 is about pets.",
        "Host 10.2.0.44 prints.",
    ];
    first(&texts, &[("3.4.1", 0), ("3.1.4", 1), ("clause 4.1.3?", 2), ("10.2.0.44", 3), ("2.0.44", 3)]);
    let texts = [
        "Order the seal KD-4410/A.",
        "Order the seal KD-4401/A.",
        "Learn C++ here.",
        "Learn C here.",
        "Mail to ann.lee@example.org.",
    ];
    first(
        &texts,
        &[("KD4410/A", 0), ("KD-4410", 0), ("4401", 1), ("C++", 2), ("ann.lee@example.org", 4), ("Lee", 4)],
    );
}

#[test]
fn common_words_decide_nothing_in_three_notes() {
    let texts = [
        "Ladder: hangs in the old barn.",
        "The old ladder was sold, the new barn is let.",
        "The dance is on Friday where it always is.",
    ];
    first(&texts, &[("Where is the ladder of the old barn?", 0)]);
    let found = ranked(&texts, "Where is the ladder?");
    assert_eq!(found.last(), Some(&2));
}

#[test]
fn a_question_of_function_words_alone_is_about_them() {
    first(&["To be or not to be.", "Bread and butter."], &[("to be or not to be", 0)]);
}
