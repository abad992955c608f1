// Run with rustc 1.95.0, RUST_BACKTRACE=0: a panic while another one unwinds ends the program.
struct Guard(u8);
impl Drop for Guard {
    fn drop(&mut self) {
        if self.0 == 3 {
            panic!("cannot close\n  file {}", self.0);
        }
    }
}
fn main() {
    eprintln!("2026-12-01T08:00:00Z INFO shop: started");
    let r = std::panic::catch_unwind(|| { let _g = Guard(1); let v: Vec<u8> = Vec::new(); v[0] });
    eprintln!("2026-12-01T08:00:01Z INFO shop: caught {}", r.is_err());
    let _ = std::thread::spawn(|| { let x: Option<u8> = None; x.expect("no order") }).join();
    let _ = std::thread::Builder::new().name("w 2".into()).spawn(|| { std::panic::panic_any(17u8) }).unwrap().join();
    eprintln!("2026-12-01T08:00:02Z INFO shop: stopping");
    let _g = Guard(3);
    panic!("the last");
}
