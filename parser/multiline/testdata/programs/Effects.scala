// Run with Scala 3.3 and Cats Effect 3.5.
package shop

import cats.effect.*

object Effects extends IOApp.Simple {
  def load(number: Int): IO[Int] = IO(if (number > 16) throw new IllegalArgumentException(s"order $number has no items") else number)
  def ship(number: Int): IO[Int] = load(number).map(_ + 1).adaptError(e => new RuntimeException(s"cannot ship $number", e))
  extension [A](io: IO[A]) def adaptError(f: Throwable => Throwable): IO[A] = io.handleErrorWith(e => IO.raiseError(f(e)))

  def say(line: String): IO[Unit] = IO(System.err.println(s"12:00:00.001 INFO  [io-compute-1] shop.Effects - $line"))

  def run: IO[Unit] =
    for {
      _ <- say("started")
      _ <- ship(17).handleErrorWith(e => IO(e.printStackTrace()))
      f <- ship(18).start
      _ <- f.join
      _ <- say("stopping")
      _ <- ship(19)
    } yield ()
}
