//! scratch
use haversack_eval::collection::*;
use haversack_eval::local::*;
use haversack_eval::{rank, span};
use haversack_retrieval::chunk::*;
use haversack_retrieval::lexical::fusion::fuse;
use std::collections::BTreeMap;
use std::path::Path;

fn build(c: &Collection, options: ChunkOptions, head: &str) -> Local {
    let mut local = Local::default();
    for d in &c.documents {
        let ranks = c.questions.iter().any(|q| matches!(q.answer, Answer::Documents(_)));
        let text = if ranks && !d.text.starts_with(&d.title) {
            format!("{}\n{}", d.title, d.text)
        } else {
            d.text.clone()
        };
        let title = if ranks { d.id.clone() } else { d.title.clone() };
        let before = match head {
            "full" => header(&format!("{title}.txt"), "11/28/2026, 9:00:00 PM", ""),
            "title" => format!("{title}\n"),
            _ => String::new(),
        };
        local.add(&d.id, &title, &text, &before, options);
    }
    local
}

fn measure(c: &Collection, local: &Local, name: &str) {
    let mut rows: BTreeMap<String, [Vec<[f64; 3]>; 3]> = BTreeMap::new();
    for q in &c.questions {
        let (v, w) = (local.by_vector(&q.text), local.by_words(&q.text));
        let f = fuse(&v[..v.len().min(100)], &w[..w.len().min(100)], 0.3);
        for (n, list) in [v, w, f].iter().enumerate() {
            match &q.answer {
                Answer::Documents(rel) => {
                    let mut ids: Vec<String> = Vec::new();
                    for (r, _) in list.iter().take(200) {
                        let id = &local.passages[*r as usize].stretch.document;
                        if !ids.contains(id) {
                            ids.push(id.clone());
                        }
                    }
                    rows.entry("all".into()).or_default()[n].push([
                        rank::ndcg_at_10(&ids, rel),
                        rank::recall(&ids, rel, 100),
                        rank::reciprocal_rank(&ids, rel),
                    ]);
                }
                Answer::Spans(spans) => {
                    let top: Vec<_> = list
                        .iter()
                        .take(5)
                        .map(|(r, _)| local.passages[*r as usize].stretch.clone())
                        .collect();
                    let o = span::overlap(&top, spans);
                    for k in ["all".to_owned(), spans[0].document.clone()] {
                        rows.entry(k).or_default()[n].push([o.recall, o.precision, o.iou]);
                    }
                }
                _ => {}
            }
        }
    }
    for (k, lists) in rows {
        print!("{name:<28} {k:<22} {:>5}p", local.passages.len());
        for l in lists {
            let m = |i: usize| 100.0 * l.iter().map(|x| x[i]).sum::<f64>() / l.len() as f64;
            print!("   {:>5.1} {:>5.2} {:>5.1}", m(0), m(1), m(2));
        }
        println!();
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let c = Collection::read(Path::new(&args[1])).unwrap();
    for spec in &args[2..] {
        let p: Vec<&str> = spec.split(',').collect();
        let mode = match p[0] {
            "m" => ChunkMode::Markdown,
            _ => ChunkMode::Recursive,
        };
        let o = ChunkOptions { size: p[1].parse().unwrap(), overlap: p[2].parse().unwrap(), mode };
        let l = build(&c, o, p[3]);
        measure(&c, &l, spec);
    }
}
