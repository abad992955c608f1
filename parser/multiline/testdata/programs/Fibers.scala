// Run with Scala 3.3 and ZIO 2.1.
package shop

import zio.*

object Fibers extends ZIOAppDefault {
  case class Refused(number: Int) extends Exception(s"order $number refused")

  def load(number: Int): Task[Int] = ZIO.attempt(if (number > 16) throw new IllegalArgumentException(s"order $number has no items") else number)
  def ship(number: Int): Task[Int] = load(number).mapError(e => new RuntimeException(s"cannot ship $number", e))

  def run =
    for {
      _ <- ZIO.logInfo("started")
      _ <- ship(17).catchAllCause(c => ZIO.logErrorCause("order failed", c))
      _ <- ship(18).zipPar(ZIO.fail(Refused(19))).catchAllCause(c => ZIO.debug(c.prettyPrint))
      _ <- ZIO.logInfo("next")
      _ <- ZIO.attempt(Unsafe.unsafe { implicit u => Runtime.default.unsafe.run(ship(21)).getOrThrowFiberFailure() }).catchAll(e => ZIO.succeed(e.printStackTrace()))
      _ <- ZIO.logInfo("stopping")
      _ <- ship(22).catchAll(_ => ZIO.fail(Refused(22)))
    } yield ()
}
