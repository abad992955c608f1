use std::thread;
#[derive(Debug)] struct E(u8);
fn load(n: usize) -> u8 { let v = vec![1u8, 2]; v[n] }
fn main() -> Result<(), E> {
  eprintln!("2026-11-22T20:00:00Z INFO shop: started");
  let _ = thread::Builder::new().name("worker-1".into()).spawn(|| { load(7); }).unwrap().join();
  eprintln!("2026-11-22T20:00:01Z INFO shop: next");
  let _ = thread::spawn(|| { assert_eq!(1 + 1, 3, "sums"); }).join();
  eprintln!("2026-11-22T20:00:02Z INFO shop: after assert");
  let _ = thread::spawn(|| { let r: Result<u8, std::num::ParseIntError> = "x".parse(); r.unwrap(); }).join();
  eprintln!("2026-11-22T20:00:03Z INFO shop: stopping");
  Err(E(3))
}
