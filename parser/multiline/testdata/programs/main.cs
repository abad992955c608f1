// Run with Mono 6.8: mcs -debug main.cs && mono --debug main.exe
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

class Order {
  public void Load(int n) { throw new ArgumentException("no number", "n"); }
  public void Ship(int n) {
    try { Load(n); } catch (ArgumentException e) { throw new InvalidOperationException("cannot ship " + n, e); }
  }
  public async Task ShipLater(int n) { await Task.Delay(1); Ship(n); }
  public T First<T>(List<T> list) { return list[3]; }
}

static class Program {
  static void Say(object o) { Console.Error.WriteLine(o); }
  static void Main() {
    var o = new Order();
    Say("2026-12-01 08:00:00 info: started");
    try { o.Ship(1); } catch (Exception e) { Say(e); }
    Say("2026-12-01 08:00:01 info: next");
    try { o.Ship(2); } catch (Exception e) { Say("fail: Shop.Order[0] " + e); }
    try { o.ShipLater(3).Wait(); } catch (AggregateException e) { Say(e); }
    try { Task.WhenAll(o.ShipLater(6), o.ShipLater(7)).Wait(); } catch (AggregateException e) { Say(e); }
    Say("2026-12-01 08:00:02 info: after an aggregate");
    try { o.First(new List<int>()); } catch (Exception e) { Say(e); }
    try { object s = null; s.ToString(); } catch (Exception e) { Say(e); }
    Say("2026-12-01 08:00:03 info: after null");
    var wait = new ManualResetEvent(false);
    ThreadPool.QueueUserWorkItem(_ => { try { o.Ship(4); } catch (Exception e) { Say(e.StackTrace); } wait.Set(); });
    wait.WaitOne();
    Say("2026-12-01 08:00:04 info: stopping");
    new Thread(() => o.Ship(5)).Start();
  }
}
