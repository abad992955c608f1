# Run with Ruby 3.1.2.
require 'logger'
STDOUT.sync = STDERR.sync = true
$log = Logger.new($stderr)
def load(n) = raise(ArgumentError, "order #{n} is no number")
def ship(n)
  load(n)
rescue ArgumentError
  raise "cannot ship #{n}"
end
warn '2026-12-01T08:00:00Z INFO started'
begin
  ship(1)
rescue StandardError => e
  $log.error(e)
end
$log.info('next')
begin
  ship(2)
rescue StandardError => e
  warn e.full_message(highlight: false)
  warn '2026-12-01T08:00:01Z INFO after full_message'
  warn e.full_message(highlight: false, order: :bottom)
end
warn '2026-12-01T08:00:02Z INFO after order bottom'
begin
  [1, 2].frist
rescue NoMethodError => e
  warn e.full_message(highlight: false)
end
warn '2026-12-01T08:00:03Z INFO after a hint'
Thread.new { Thread.current.name = 'worker 1'; load(3) }.join rescue warn '2026-12-01T08:00:04Z INFO the thread is over'
def deep(n) = deep(n + 1)
begin
  deep(0)
rescue SystemStackError => e
  warn "#{e.message} (#{e.class})"
end
begin
  raise "two\nlines"
rescue StandardError => e
  $log.warn("failed: #{e.message}\n#{e.backtrace.join("\n")}")
  $log.info('after two lines')
end
begin
  eval("def x\n 1 +\nend")
rescue SyntaxError => e
  warn e.full_message(highlight: false)
end
warn '2026-12-01T08:00:05Z INFO stopping'
at_exit { warn '2026-12-01T08:00:06Z INFO at exit' }
ship(4)
