from benchmarks.predict.holdout import main

main()
