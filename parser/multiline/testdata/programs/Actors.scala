// Run with Scala 3.3, Pekko 1.1 and logback 1.5.
package shop

import org.apache.pekko.actor.typed.*
import org.apache.pekko.actor.typed.scaladsl.Behaviors
import scala.concurrent.Await
import scala.concurrent.duration.*

class Refused(number: Int, cause: Throwable) extends RuntimeException(s"order $number refused", cause)

object Actors {
  def load(number: Int): Int = Map(1 -> 1)(number)

  def worker: Behavior[Int] = Behaviors.receive { (context, number) =>
    try { context.log.info("shipped {}", load(number)); Behaviors.same }
    catch { case e: NoSuchElementException if number < 20 => context.log.error("order failed", new Refused(number, e)); Behaviors.same }
  }

  def main(args: Array[String]): Unit = {
    val system = ActorSystem(Behaviors.supervise(worker).onFailure[NoSuchElementException](SupervisorStrategy.restart), "shop")
    Seq(1, 17, 1, 21, 1, 22).foreach(n => { system ! n; Thread.sleep(100) })
    system.terminate()
    Await.ready(system.whenTerminated, 9.seconds)
  }
}
