import java.util.concurrent.*;
public class Main {
  static class Res implements AutoCloseable { public void close() { throw new IllegalStateException("close failed"); } }
  static void deep(int n) { if (n == 0) throw new IllegalArgumentException("order 17 has no items"); deep(n - 1); }
  static void load() { try { deep(3); } catch (RuntimeException e) { throw new RuntimeException("cannot load order", e); } }
  static void rec() { rec(); }
  public static void main(String[] a) throws Exception {
    System.err.println("12:00:00.001 INFO  [main] com.example.Shop - started");
    try { load(); } catch (RuntimeException e) { e.printStackTrace(); }
    System.err.println("12:00:00.002 WARN  [main] com.example.Shop - retrying");
    try { try (Res r = new Res()) { deep(1); } } catch (Exception e) { e.printStackTrace(); }
    System.err.println("12:00:00.003 INFO  [main] com.example.Shop - next order");
    try { new FutureTask<Integer>(() -> { load(); return 1; }) {{ run(); }}.get(); } catch (ExecutionException e) { e.printStackTrace(); }
    try { throw new Exception("first line of message\n\tsecond line, indented"); } catch (Exception e) { e.printStackTrace(); }
    System.err.println("12:00:00.004 INFO  [main] com.example.Shop - still here");
    Thread t = new Thread(() -> { throw new NullPointerException(); }, "worker-1"); t.start(); t.join();
    java.util.logging.Logger.getLogger("shop").log(java.util.logging.Level.SEVERE, "payment failed", new java.io.IOException("connection reset"));
    Throwable x = new Error("a"), y = new Error("b", x); x.initCause(y); x.printStackTrace();
    System.err.println("12:00:00.005 INFO  [main] com.example.Shop - stopping");
    try { rec(); } catch (StackOverflowError e) { StackTraceElement[] s = e.getStackTrace(); e.setStackTrace(java.util.Arrays.copyOf(s, 3)); e.printStackTrace(); }
    Object o = "x"; Integer i = (Integer) o;
  }
}
