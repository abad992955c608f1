#!/bin/sh
# What Dart 3.13 writes: dart.txt is the runtime's trace of an exception that
# nothing caught, dart-chain.txt what package:stack_trace makes of one. SASS is
# the command of Dart Sass.
printf '\5\0\72\2\10\1' | "$SASS" --embedded 2>dart.txt >/dev/full
{ printf '\377' | "$SASS" --stdin; "$SASS" --trace missing.scss; echo 'a { b: f(' | "$SASS" --trace --stdin; } 2>dart-chain.txt
echo "INFO stopping" >>dart.txt
echo "INFO stopping" >>dart-chain.txt
