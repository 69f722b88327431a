use gridweave_meters::*;
use std::time::Instant;
fn main() {
    let n: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1_000_000);
    let mut scan = Scan::new(Fleet::new(Limits::default()));
    let clock = Instant::now();
    for place in 0..n { scan.keys.place_of_number(place as i64); }
    println!("keys {:.3}", clock.elapsed().as_secs_f64());
    let clock = Instant::now();
    let mut z: u64 = 1;
    for day in 0..90 {
        for place in 0..n {
            z = z.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let u = (z >> 40) as f32 / (1u32 << 24) as f32;
            let v = if u < 0.01 { 0.0 } else { 0.3 * (0.6 + 0.8 * u) };
            scan.take(place, 20000 + day, Amount::of(v));
        }
    }
    println!("take {:.3}", clock.elapsed().as_secs_f64());
    let clock = Instant::now();
    let (told, taken) = scan.finish();
    println!("finish {:.3} {} {}", clock.elapsed().as_secs_f64(), told.len(), taken.meter_days);
}
