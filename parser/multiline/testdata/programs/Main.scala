// Run with Scala 2.13 (scala.txt) and Scala 3.3 (scala3.txt), Java 17.
package shop

import java.util.concurrent.Executors
import scala.concurrent.duration.*
import scala.concurrent.{Await, ExecutionContext, Future}
import scala.util.{Failure, Using}

case class Order(number: Int, items: List[String])

class Refused(number: Int, cause: Throwable) extends RuntimeException(s"order $number refused", cause)

class Store extends AutoCloseable {
  def load(number: Int): Order = Map(1 -> Order(1, Nil))(number)
  def close(): Unit = throw new IllegalStateException("close failed")
}

object Main {
  implicit val pool: ExecutionContext = ExecutionContext.fromExecutor(Executors.newFixedThreadPool(1, r => { val t = new Thread(r, "pool-1"); t.setDaemon(true); t }))

  def say(line: String): Unit = System.err.println(s"12:00:00.001 INFO  [main] shop.Main - $line")
  def show(body: => Any): Unit = try body catch { case e: Throwable => e.printStackTrace() }

  def describe(order: Any): String = order match { case Order(n, _) => s"order $n" }
  def ship(number: Int): Unit =
    try new Store().load(number) catch { case e: NoSuchElementException => throw new Refused(number, e) }

  def main(args: Array[String]): Unit = {
    say("started")
    show(describe(7))
    say("after a match error")
    show(ship(17))
    show(Using.resource(new Store())(_.load(18)))
    say("after a suppressed one")
    show(None.get)
    show(List.empty[Int].map(_ + 1).reduce(_ + _))
    show(???)
    show(Await.result(Future(Order(1, Nil)).map(o => o.items(3)).recoverWith { case e => Future.failed(new Refused(1, e)) }, 9.seconds))
    show(Await.result(Future(ship(19)).map(_ => "shipped"), 9.seconds))
    show(Await.result(Future.never, 1.milli))
    Future(ship(20)).onComplete { case Failure(e) => e.printStackTrace(); case _ => }
    Await.ready(Future(()), 9.seconds)
    pool.execute(() => throw new Error("nobody caught this"))
    Await.ready(Future(()), 9.seconds)
    show(assert(args.nonEmpty, "no arguments\n  were given"))
    say("stopping")
    require(args.length == 1, "one argument is wanted")
  }
}
