//! Baskets worked out by hand, from the menu of [`crate::fixture`].
//!
//! Each has a name, where a cent is decided the arithmetic, and then: what is ordered and for whom (see [`crate::notation`]),
//! the offers that are looked at, the tip; items + delivery fee - discount + tip = total and, rate by rate, base + tax; and
//! which of the offers are not taken, and why. A percentage and a half of an extra are rounded half up, shares by largest
//! remainder. No figure here comes from the program: whoever changes a rule works the baskets out again.

use crate::catalogue::Catalogue;
use crate::fixture;
use crate::money::Cents;
use crate::notation::{context, order};
use crate::order::ServiceType;
use crate::pricing::{self, Basket, Line, Offer, Priced};
use crate::promotion::CouponReason;
use crate::selection::check;
use crate::unit::unit;

const BASKETS: &str = "
One pizza to take away
    1 margherita/M | collection
    gives 10.90 + 0.00 - 0.00 + 0.00 = 10.90; 10 %: 9.91 + 0.99

A small, a medium and a large one
    1 reine/S; 1 reine/M; 1 reine/L | collection
    gives 38.30 + 0.00 - 0.00 + 0.00 = 38.30; 10 %: 34.82 + 3.48

The tax of a rate is taken once, not line by line
    # 10.50 × 10/110 = 0.9545…; line by line it were 3 × 0.32 = 0.96
    1 pain; 1 pain; 1 pain | collection
    gives 10.50 + 0.00 - 0.00 + 0.00 = 10.50; 10 %: 9.55 + 0.95

Three rates
    1 chevre/L; 1 cola; 1 wine | collection
    gives 34.15 + 0.00 - 0.00 + 0.00 = 34.15; 5.5 %: 2.37 + 0.13; 10 %: 15.23 + 1.52; 20 %: 12.42 + 2.48

Quantities
    3 reine/L +mozza; 4 cola | collection
    gives 63.70 + 0.00 - 0.00 + 0.00 = 63.70; 5.5 %: 9.48 + 0.52; 10 %: 48.82 + 4.88

A big order
    48 reine/L +mozza*3 +olives; 99 cola; 12 wine | delivery
    gives 1523.10 + 0.00 - 0.00 + 0.00 = 1523.10; 5.5 %: 234.60 + 12.90; 10 %: 997.09 + 99.71; 20 %: 149.00 + 29.80

Extras cost by size
    1 reine/S +mozza; 1 reine/M +mozza; 1 reine/L +mozza | collection
    gives 42.80 + 0.00 - 0.00 + 0.00 = 42.80; 10 %: 38.91 + 3.89

Several of an extra
    2 reine/M +mozza*3 +egg | collection
    gives 36.10 + 0.00 - 0.00 + 0.00 = 36.10; 10 %: 32.82 + 3.28

A crust that costs
    1 margherita/S +cheesy; 1 margherita/L +cheesy | collection
    gives 26.80 + 0.00 - 0.00 + 0.00 = 26.80; 10 %: 24.36 + 2.44

The usual crust, named or not
    1 reine/M; 1 reine/M +classic | collection
    gives 25.00 + 0.00 - 0.00 + 0.00 = 25.00; 10 %: 22.73 + 2.27

What is left out costs nothing less
    1 reine/M -ham +olives; 1 chevre/S -onion | collection
    gives 23.65 + 0.00 - 0.00 + 0.00 = 23.65; 10 %: 21.50 + 2.15

The dearest toppings are the free ones
    # nuts 0.75 and choco 0.60 are free
    1 glace +caramel +choco +nuts +cream | collection
    gives 4.10 + 0.00 - 0.00 + 0.00 = 4.10; 10 %: 3.73 + 0.37

Some of a topping are free, some are not
    # nuts and one caramel are free
    1 glace +caramel*2 +nuts | collection
    gives 3.70 + 0.00 - 0.00 + 0.00 = 3.70; 10 %: 3.36 + 0.34

Toppings are free in each unit
    3 glace +nuts*2 +cream | collection
    gives 10.80 + 0.00 - 0.00 + 0.00 = 10.80; 10 %: 9.82 + 0.98

Two halves at the price of the dearer
    1 reine|chevre/M | collection
    gives 13.20 + 0.00 - 0.00 + 0.00 = 13.20; 10 %: 12.00 + 1.20

The dearer half may be the first
    2 chevre|margherita/L | collection
    gives 33.50 + 0.00 - 0.00 + 0.00 = 33.50; 10 %: 30.45 + 3.05

Two halves at the mean, half a cent up
    # (6.50 + 7.25) / 2 = 6.875
    1 focaccia|fougasse/M | collection
    gives 6.88 + 0.00 - 0.00 + 0.00 = 6.88; 10 %: 6.25 + 0.63

The mean is rounded in each unit
    # (8.95 + 9.80) / 2 = 9.375, so 3 × 9.38 and not 28.13
    3 fougasse|focaccia/L | collection
    gives 28.14 + 0.00 - 0.00 + 0.00 = 28.14; 10 %: 25.58 + 2.56

An extra on half a pizza at half its price
    # 1.65 / 2 = 0.825
    1 reine|chevre/M +ham@1 | collection
    gives 14.03 + 0.00 - 0.00 + 0.00 = 14.03; 10 %: 12.75 + 1.28

Each of several extras on a half is rounded
    # 1.05 / 2 = 0.525, so 2 × 0.53 and not 1.05
    1 reine|chevre/M +egg*2@2 | collection
    gives 14.26 + 0.00 - 0.00 + 0.00 = 14.26; 10 %: 12.96 + 1.30

Extras on both halves and on the whole
    # 2.15 / 2 = 1.075 and 1.35 / 2 = 0.675
    1 margherita|reine/L +ham@1 +egg@2 +mozza | collection
    gives 19.66 + 0.00 - 0.00 + 0.00 = 19.66; 10 %: 17.87 + 1.79

An extra on half a bread at its whole price
    1 focaccia|fougasse/M +olives@2 | collection
    gives 7.63 + 0.00 - 0.00 + 0.00 = 7.63; 10 %: 6.94 + 0.69

Something left out of one half
    1 reine|chevre/M -ham@1 -onion@2 +cheesy | collection
    gives 15.20 + 0.00 - 0.00 + 0.00 = 15.20; 10 %: 13.82 + 1.38

A combo of two rates
    # 14.50 × 2.50/15.00 = 2.4166…, × 12.50/15.00 = 12.0833…: the cent left over goes to the cola, 2.42 and 12.08
    1 duo(reine/M, cola) | collection
    gives 14.50 + 0.00 - 0.00 + 0.00 = 14.50; 5.5 %: 2.29 + 0.13; 10 %: 10.98 + 1.10

A combo of three rates
    # 26.90 × 2.50/29.90 = 2.2491…, × 12.50/29.90 = 11.2458…, × 14.90/29.90 = 13.4050…:
    # two cents are left over, for the cola and the pizza: 2.25, 11.25, 13.40
    1 soiree(reine/M, cola, wine) | collection
    gives 26.90 + 0.00 - 0.00 + 0.00 = 26.90; 5.5 %: 2.13 + 0.12; 10 %: 10.23 + 1.02; 20 %: 11.17 + 2.23

It does not matter in which order a combo is filled
    1 soiree(wine, cola, reine/M) | collection
    gives 26.90 + 0.00 - 0.00 + 0.00 = 26.90; 5.5 %: 2.13 + 0.12; 10 %: 10.23 + 1.02; 20 %: 11.17 + 2.23

Surcharges follow what they are for
    # 14.50 × 13.20/17.40 = 11.00 and 1.50 on top; 3.50 and 1.80
    1 duo(chevre/M, beer) | collection
    gives 17.80 + 0.00 - 0.00 + 0.00 = 17.80; 10 %: 11.36 + 1.14; 20 %: 4.42 + 0.88

Extras inside a combo cost on top
    # 14.50 × 1.80/14.30 = 1.8251…, × 12.50/14.30 = 12.6748…: 1.83 and 12.67, and twice 1.65 on top
    1 duo(reine/M +ham*2 +thin, eau) | collection
    gives 17.80 + 0.00 - 0.00 + 0.00 = 17.80; 5.5 %: 1.73 + 0.10; 10 %: 14.52 + 1.45

A combo with two halves
    # it weighs 13.20, the dearer surcharge is 1.50, half an egg 0.53; 14.50 × 1.80/15.00 = 1.74, × 13.20/15.00 = 12.76
    1 duo(reine|chevre/M +egg@2, eau) | collection
    gives 16.53 + 0.00 - 0.00 + 0.00 = 16.53; 5.5 %: 1.65 + 0.09; 10 %: 13.45 + 1.34

A combo with two halves at the mean
    # it weighs 6.88: 9.90 × 6.88/11.08 = 6.1472…, × 4.20/11.08 = 3.7527…: 6.15 and 3.75, and 0.50 on top
    1 apero(focaccia|fougasse/M, beer) | collection
    gives 10.40 + 0.00 - 0.00 + 0.00 = 10.40; 10 %: 6.05 + 0.60; 20 %: 3.12 + 0.63

A big combo
    # 39.90 over 41.45: cola 2.4065…, eau 1.7326…, reine 15.3054…, chevre 16.1236…, tiramisu 4.3317…;
    # two cents are left over, for the cola and the reine
    1 famille(reine/L +mozza, chevre/L, cola, eau, tiramisu) | collection
    gives 44.90 + 0.00 - 0.00 + 0.00 = 44.90; 5.5 %: 3.92 + 0.22; 10 %: 37.05 + 3.71

The split of a combo is made in each unit
    # 3 × 2.42 and 3 × 12.08
    3 duo(reine/M, cola) | collection
    gives 43.50 + 0.00 - 0.00 + 0.00 = 43.50; 5.5 %: 6.88 + 0.38; 10 %: 32.95 + 3.29

Delivery below the first step
    1 calzone/M; 2 pain | delivery
    gives 19.95 + 3.90 - 0.00 + 0.00 = 23.85; 10 %: 21.68 + 2.17

Delivery on the first step, over two rates
    # 1.90 × 7.50/20.00 = 0.7125, × 12.50/20.00 = 1.1875: the cent goes to the pizza, 0.71 and 1.19
    1 reine/M; 3 cola | delivery
    gives 20.00 + 1.90 - 0.00 + 0.00 = 21.90; 5.5 %: 7.78 + 0.43; 10 %: 12.45 + 1.24

Delivery just below the second step
    # 1.90 × 5.00/34.95 = 0.2718…, × 29.95/34.95 = 1.6281…: 0.27 and 1.63
    1 calzone/M; 1 reine/M; 2 cola; 1 tiramisu | delivery
    gives 34.95 + 1.90 - 0.00 + 0.00 = 36.85; 5.5 %: 5.00 + 0.27; 10 %: 28.71 + 2.87

Delivery is free on the second step
    2 reine/M; 4 cola | delivery
    gives 35.00 + 0.00 - 0.00 + 0.00 = 35.00; 5.5 %: 9.48 + 0.52; 10 %: 22.73 + 2.27

A fee over three rates
    # 3.90 × 2.50/15.60 = 0.625, × 8.90/15.60 = 2.225, × 4.20/15.60 = 1.05:
    # of two halves of a cent the lower rate has the first claim: 0.63, 2.22, 1.05
    1 margherita/S; 1 cola; 1 beer | delivery
    gives 15.60 + 3.90 - 0.00 + 0.00 = 19.50; 5.5 %: 2.97 + 0.16; 10 %: 10.11 + 1.01; 20 %: 4.37 + 0.88

The fee looks at the items before discounts
    2 reine/M; 4 cola | delivery | ten
    gives 35.00 + 0.00 - 3.50 + 0.00 = 31.50; 5.5 %: 8.53 + 0.47; 10 %: 20.45 + 2.05

A fee goes where the money goes after discounts
    # sweets takes 1.95 off the pot; 3.90 × 1.95/17.95 = 0.4236…, × 16.00/17.95 = 3.4763…: 0.42 and 3.48
    1 reine/M; 1 pot; 1 pain | delivery | sweets
    gives 19.90 + 3.90 - 1.95 + 0.00 = 21.85; 5.5 %: 2.25 + 0.12; 10 %: 17.71 + 1.77

All for nothing but the way
    # the fee follows what the goods would have cost: 3.90 × 2.50/15.00 = 0.65, × 12.50/15.00 = 3.25
    1 reine/M; 1 cola | delivery | all
    gives 15.00 + 3.90 - 15.00 + 0.00 = 3.90; 5.5 %: 0.62 + 0.03; 10 %: 2.95 + 0.30

All for nothing, with a tip
    1 glace | delivery | all ride | tip 2.00
    gives 3.20 + 3.90 - 3.20 + 2.00 = 5.90; 10 %: 3.55 + 0.35
    not ride below_minimum

All for nothing and the way too
    2 reine/M; 1 wine | delivery | all ride
    gives 39.90 + 0.00 - 39.90 + 0.00 = 0.00; 10 %: 0.00 + 0.00; 20 %: 0.00 + 0.00

Half a cent of a percentage goes up
    # 12.95 × 10 % = 1.295
    1 calzone/M | collection | ten
    gives 12.95 + 0.00 - 1.30 + 0.00 = 11.65; 10 %: 10.59 + 1.06

A percentage is rounded once, on the sum
    # 25.90 × 10 % = 2.59; line by line it were 2 × 1.30
    1 calzone/M; 1 calzone/M | collection | ten
    gives 25.90 + 0.00 - 2.59 + 0.00 = 23.31; 10 %: 21.19 + 2.12

A third over three rates
    # 15.90 × 33.33 % = 5.29947; 5.30 is 0.60, 3.30 and 1.40
    1 reine/S; 1 eau; 1 beer | collection | third
    gives 15.90 + 0.00 - 5.30 + 0.00 = 10.60; 5.5 %: 1.14 + 0.06; 10 %: 6.00 + 0.60; 20 %: 2.33 + 0.47

A percentage off a combo follows its rates
    # 2.69 over 2.25, 11.25, 13.40: 0.225, 1.125, 1.34; of two halves of a cent the lower rate has the first claim
    1 soiree(reine/M, cola, wine) | collection | ten
    gives 26.90 + 0.00 - 2.69 + 0.00 = 24.21; 5.5 %: 1.91 + 0.11; 10 %: 9.21 + 0.92; 20 %: 10.05 + 2.01

An amount over three rates
    # 5.00 over 2.50, 13.20, 14.90 of 30.60: 0.4084…, 2.1568…, 2.4346…: 0.41, 2.16, 2.43
    1 chevre/M; 1 cola; 1 wine | collection | five
    gives 30.60 + 0.00 - 5.00 + 0.00 = 25.60; 5.5 %: 1.98 + 0.11; 10 %: 10.04 + 1.00; 20 %: 10.39 + 2.08

An amount takes no more than there is
    1 tiramisu; 1 reine/M | collection | cake
    gives 17.00 + 0.00 - 4.50 + 0.00 = 12.50; 10 %: 11.36 + 1.14

An amount larger than the whole order
    1 eau; 1 cola | collection | five
    gives 4.30 + 0.00 - 4.30 + 0.00 = 0.00; 5.5 %: 0.00 + 0.00

Half the price of sweets
    # 7.50 × 50 % = 3.75: 1.95 of the pot, 1.80 of the glace
    1 reine/M; 1 glace +nuts*2 +cream; 1 pot | collection | sweets
    gives 20.00 + 0.00 - 3.75 + 0.00 = 16.25; 5.5 %: 1.85 + 0.10; 10 %: 13.00 + 1.30

Large ones are cheaper
    # 24.85 × 15 % = 3.7275
    1 reine/M; 1 reine/L; 1 focaccia/L | collection | large
    gives 37.35 + 0.00 - 3.73 + 0.00 = 33.62; 10 %: 30.56 + 3.06

Two bought, the third free
    3 reine/M; 1 cola | collection | twofor
    gives 40.00 + 0.00 - 12.50 + 0.00 = 27.50; 5.5 %: 2.37 + 0.13; 10 %: 22.73 + 2.27

Two bought are two paid
    2 reine/M | collection | twofor
    gives 25.00 + 0.00 - 0.00 + 0.00 = 25.00; 10 %: 22.73 + 2.27

The cheapest of several lines is free
    1 chevre/L; 1 margherita/S; 1 reine/M | collection | twofor
    gives 38.15 + 0.00 - 8.90 + 0.00 = 29.25; 10 %: 26.59 + 2.66

Of seven two are free, with their extras
    # the margherita at 10.40 and one reine at 14.00
    4 reine/M +mozza; 1 margherita/S +cheesy; 2 chevre/L | collection | twofor
    gives 99.90 + 0.00 - 24.40 + 0.00 = 75.50; 10 %: 68.64 + 6.86

The cheapest drink is free, whatever its rate
    1 beer; 1 cola; 1 eau | collection | drinks
    gives 8.50 + 0.00 - 1.80 + 0.00 = 6.70; 5.5 %: 2.37 + 0.13; 20 %: 3.50 + 0.70

The free one first, then a percentage of the rest
    # 12.50 is free, then 25.70 × 10 % = 2.57
    2 reine/M; 1 chevre/M | collection | ten onefor
    gives 38.20 + 0.00 - 15.07 + 0.00 = 23.13; 10 %: 21.03 + 2.10

Two gifts do not give the same unit
    # onefor gives one of two margheritas, drinks one of three beers
    3 beer; 2 margherita/M | collection | drinks onefor
    gives 34.40 + 0.00 - 15.10 + 0.00 = 19.30; 10 %: 9.91 + 0.99; 20 %: 7.00 + 1.40

The delivery is free
    1 reine/L; 1 cola | delivery | ride
    gives 18.40 + 3.90 - 3.90 + 0.00 = 18.40; 5.5 %: 2.37 + 0.13; 10 %: 14.45 + 1.45

A percentage, then an amount of what is left
    # 18.50 × 10 % = 1.85, which is 0.25 and 1.60; then 5.00 over 2.25 and 14.40: 0.6756…, 4.3243…
    1 reine/M; 1 cola; 1 pain | collection | five ten
    gives 18.50 + 0.00 - 6.85 + 0.00 = 11.65; 5.5 %: 1.49 + 0.08; 10 %: 9.16 + 0.92

Two percentages, one after the other
    # 24.30 × 10 % = 2.43, which is 0.39 of the pot, 0.45 of the tiramisu, 1.59; then half of 3.51 and 4.05 is 3.78:
    # 1.755 and 2.025, and of two halves of a cent the lower rate has the first claim
    1 reine/L; 1 tiramisu; 1 pot | collection | sweets ten
    gives 24.30 + 0.00 - 6.21 + 0.00 = 18.09; 5.5 %: 1.66 + 0.09; 10 %: 14.85 + 1.49

A cent of rounding stays on its side of an offer's border
    # five takes 5.00 × 6.40/19.35 = 1.6537… of both glaces and 3.3462… of the calzone: 1.65 and 3.35; then cake takes the
    # 4.75 left of the glaces. Line by line it were 0.8268…, twice, and 3.3462…: 1.66 of the glaces, and only 4.74 left
    1 glace; 1 calzone/M; 1 glace | collection | five cake
    gives 19.35 + 0.00 - 9.75 + 0.00 = 9.60; 10 %: 8.73 + 0.87

Everything that may be combined
    # a margherita is free, then 1.60 of the glace; then 5.00 over 2.50 and 15.50: 0.6944…, 4.3055…; then the way
    2 margherita/L; 1 glace; 1 cola | delivery | five ride sweets onefor
    gives 33.50 + 1.90 - 22.40 + 0.00 = 13.00; 5.5 %: 1.72 + 0.09; 10 %: 10.17 + 1.02

One alone is worth more than three together
    # 34.30 × 33.33 % = 11.43219; together they are 3.43 and then 28.62 × 20 % = 5.72
    2 reine/L; 1 cola | collection | ten cake third reines
    gives 34.30 + 0.00 - 11.43 + 0.00 = 22.87; 5.5 %: 1.58 + 0.09; 10 %: 19.27 + 1.93
    not cake nothing_eligible, ten not_combinable, reines not_combinable

Together they are worth more than one alone
    # 18.40 × 10 % = 1.84 and 5.00 are more than 18.40 × 33.33 % = 6.13; 5.00 over 2.25 and 14.31: 0.6793…, 4.3206…
    1 reine/L; 1 cola | collection | third five ten
    gives 18.40 + 0.00 - 6.84 + 0.00 = 11.56; 5.5 %: 1.49 + 0.08; 10 %: 9.08 + 0.91
    not third not_combinable

Of equal offers those that may be combined win
    # both are 1.74: 0.25 and 1.49
    1 cola; 1 wine | collection | ten pickup
    gives 17.40 + 0.00 - 1.74 + 0.00 = 15.66; 5.5 %: 2.13 + 0.12; 20 %: 11.17 + 2.24
    not pickup not_combinable

Of two alone the better one is taken
    # 46.10 × 33.33 % = 15.36513: 10.40 and 4.97; that is more than a free chevre at 10.40
    3 chevre/S; 1 wine | collection | twofor third
    gives 46.10 + 0.00 - 15.37 + 0.00 = 30.73; 10 %: 18.91 + 1.89; 20 %: 8.27 + 1.66
    not twofor not_combinable

A free delivery is weighed like any other
    # 3.90 is more than 1.59
    1 reine/S; 1 cola; 1 pain | delivery | ten lift
    gives 15.90 + 3.90 - 3.90 + 0.00 = 15.90; 5.5 %: 2.37 + 0.13; 10 %: 12.18 + 1.22
    not ten not_combinable

A free delivery of what is collected stands in nobody's way
    1 reine/S | collection | lift
    gives 9.90 + 0.00 - 0.00 + 0.00 = 9.90; 10 %: 9.00 + 0.90

The minimum is not reached
    2 chevre/L; 1 cola; 1 wings | delivery | twenty
    gives 41.90 + 0.00 - 0.00 + 0.00 = 41.90; 5.5 %: 2.37 + 0.13; 10 %: 35.82 + 3.58
    not twenty below_minimum

The minimum is reached before discounts
    # 20.00 over 2.50 and 43.40 of 45.90: 1.0893…, 18.9106…
    2 chevre/L; 1 cola; 2 glace; 1 pain | collection | twenty ten
    gives 45.90 + 0.00 - 20.00 + 0.00 = 25.90; 5.5 %: 1.34 + 0.07; 10 %: 22.26 + 2.23
    not ten not_combinable

Lunch is over
    1 reine/M | collection 14:00 | lunch
    gives 12.50 + 0.00 - 0.00 + 0.00 = 12.50; 10 %: 11.36 + 1.14
    not lunch not_at_this_time

Lunch is on
    # 14.30 × 25 % = 3.575; 3.58 over 1.80 and 12.50: 0.4506…, 3.1293…
    1 reine/M; 1 eau | collection 13:59 | lunch
    gives 14.30 + 0.00 - 3.58 + 0.00 = 10.72; 5.5 %: 1.28 + 0.07; 10 %: 8.52 + 0.85

Offers of other stores and services
    1 reine/M | delivery | pickup lyonnais app
    gives 12.50 + 3.90 - 0.00 + 0.00 = 16.40; 10 %: 14.91 + 1.49
    not pickup not_for_this_service, lyonnais not_in_this_store, app not_for_this_service

A tip is nobody's turnover
    # 16.70 × 10 % = 1.67: 1.25 and 0.42; then 3.90 over 11.25 and 3.78: 2.9191…, 0.9808…
    1 reine/M; 1 beer | delivery | ten | tip 3.00
    gives 16.70 + 3.90 - 1.67 + 3.00 = 21.93; 10 %: 12.88 + 1.29; 20 %: 3.97 + 0.79

A store has its own prices
    1 margherita/M; 1 reine/L +mozza | delivery lyon
    gives 27.60 + 1.90 - 0.00 + 0.00 = 29.50; 10 %: 26.82 + 2.68

A channel has its own prices
    1 margherita/M; 1 margherita/L | collection app
    gives 24.30 + 0.00 - 0.00 + 0.00 = 24.30; 10 %: 22.09 + 2.21

A store and a service before a store, a store before a channel
    2 margherita/M; 1 wings | collection lyon app
    gives 24.20 + 0.00 - 0.00 + 0.00 = 24.20; 10 %: 22.00 + 2.20

A store before a channel
    1 margherita/M; 1 wings | delivery lyon app
    gives 15.80 + 3.90 - 0.00 + 0.00 = 19.70; 10 %: 17.91 + 1.79

Holidays cost more
    1 tiramisu; 1 wings | delivery 2026-12-25
    gives 11.10 + 3.90 - 0.00 + 0.00 = 15.00; 10 %: 13.64 + 1.36

Half an extra of a store's price
    # 1.80 / 2 = 0.90
    1 reine|chevre/L +mozza@2 | collection lyon
    gives 17.65 + 0.00 - 0.00 + 0.00 = 17.65; 10 %: 16.05 + 1.60

A store's price weighs in a combo
    # 14.50 × 2.50/12.40 = 2.9233…, × 9.90/12.40 = 11.5766…; then 3.90 over 2.92 and 11.58: 0.7853…, 3.1146…
    1 duo(margherita/M, cola) | delivery lyon
    gives 14.50 + 3.90 - 0.00 + 0.00 = 18.40; 5.5 %: 3.52 + 0.19; 10 %: 13.35 + 1.34

The rates of the next year
    1 reine/M; 1 cola | delivery 2027-01-01
    gives 15.00 + 3.90 - 0.00 + 0.00 = 18.90; 5.5 %: 2.99 + 0.16; 12 %: 14.06 + 1.69

A drink to take away has its own rate
    1 reine/M; 1 cola | collection 2027-01-01
    gives 15.00 + 0.00 - 0.00 + 0.00 = 15.00; 10 %: 2.27 + 0.23; 12 %: 11.16 + 1.34

The rate of a service before a newer one of all
    1 cola; 1 beer | collection 2027-07-01
    gives 6.70 + 0.00 - 0.00 + 0.00 = 6.70; 10 %: 2.27 + 0.23; 20 %: 3.50 + 0.70

The newer rate of all where the service has none
    # 3.90 × 2.50/6.70 = 1.4552…, × 4.20/6.70 = 2.4447…
    1 cola; 1 beer | delivery 2027-07-01
    gives 6.70 + 3.90 - 0.00 + 0.00 = 10.60; 6 %: 3.74 + 0.22; 20 %: 5.53 + 1.11

A combo at the rates of another day
    # 26.90 × 1.80/19.20 = 2.5218…, × 13.20/19.20 = 18.4937…, × 4.20/19.20 = 5.8843…: the cent goes to the beer
    1 soiree(chevre/M, eau, beer) | collection 2027-01-02
    gives 28.40 + 0.00 - 0.00 + 0.00 = 28.40; 10 %: 2.29 + 0.23; 12 %: 17.85 + 2.14; 20 %: 4.91 + 0.98

A big order with everything
    # a duo is 2.31 and 12.19 + 1.50 + 1.05; 586.00 × 10 % = 58.60; then 5.00 over 41.58, 391.95, 93.87 of 527.40:
    # 0.3941…, 3.7158…, 0.8899…: 0.39, 3.72, 0.89
    20 duo(chevre/M +egg, cola); 15 focaccia|fougasse/L; 7 wine | delivery | ten five | tip 10.00
    gives 586.00 + 0.00 - 63.60 + 10.00 = 532.40; 5.5 %: 39.04 + 2.15; 10 %: 352.94 + 35.29; 20 %: 77.48 + 15.50
";

#[test]
fn every_basket_has_the_figures_that_were_worked_out_by_hand() {
    let catalogue = fixture::catalogue();
    let baskets: Vec<&str> = BASKETS.trim().split("\n\n").collect();
    assert!(baskets.len() >= 45, "only {} baskets", baskets.len());
    let wrong = baskets.iter().filter_map(|basket| {
        let mut lines = basket.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let (name, asked) = (lines.next()?, lines.next()?);
        let (expected, found) = (lines.collect::<Vec<_>>().join("\n"), figures(&catalogue, asked));
        (expected != found).then(|| format!("{name}\n{asked}\nby hand:\n{expected}\nby the program:\n{found}\n"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn figures(catalogue: &Catalogue, asked: &str) -> String {
    // A bar with blanks around it parts the columns; one without joins two halves.
    let mut columns = asked.split(" | ");
    let (ordered, context) = (columns.next().expect(asked), context(columns.next().expect(asked)));
    let (mut basket, mut variants) = (Basket::default(), Vec::new());
    for (quantity, selection) in order(catalogue, ordered) {
        let selection = check(catalogue, &selection).expect(asked);
        let unit = unit(catalogue, &context, &selection).expect(asked).expect(asked);
        assert!(unit.on_sale, "{asked}");
        basket.lines.push(Line { parts: unit.parts, quantity });
        variants.push((selection.variant_id, selection.second_variant_id));
    }
    let zones = catalogue.zones.get(&context.store).expect(asked);
    basket.delivery = (context.service == ServiceType::Delivery).then(|| zones[0].tiers.clone());
    let mut not = Vec::new();
    for column in columns {
        if let Some(tip) = column.strip_prefix("tip ") {
            basket.tip = fixture::euros(tip);
            continue;
        }
        for slug in column.split(' ') {
            let promotion = catalogue.promotions.iter().find(|promotion| promotion.name.en == slug).expect(slug);
            match promotion.eligible(catalogue, &context, context.at.and_utc(), pricing::items(&basket.lines), &variants) {
                Ok(eligible) => {
                    let (id, effect, stackable) = (promotion.id, promotion.effect, promotion.stackable);
                    basket.offers.push(Offer { id, effect, stackable, eligible });
                }
                Err(reason) => not.push(format!("{slug} {}", reason.as_str())),
            }
        }
    }
    let priced = pricing::price(&basket);
    let left_out = catalogue.promotions.iter().filter(|promotion| priced.left_out.contains(&promotion.id));
    not.extend(left_out.map(|promotion| format!("{} {}", promotion.name.en, CouponReason::NotCombinable.as_str())));
    if not.is_empty() { shown(&priced) } else { format!("{}\nnot {}", shown(&priced), not.join(", ")) }
}

fn shown(priced: &Priced) -> String {
    let euros = |cents: Cents| format!("{}.{:02}", cents.0 / 100, cents.0 % 100);
    let taxes = priced.taxes.iter().map(|share| {
        let percent = format!("{}.{:02}", share.rate.0 / 100, share.rate.0 % 100);
        format!("; {} %: {} + {}", percent.trim_end_matches('0').trim_end_matches('.'), euros(share.base), euros(share.tax))
    });
    let sum = [priced.items, priced.delivery_fee, priced.discount, priced.tip, priced.total].map(euros);
    let [items, fee, discount, tip, total] = sum;
    format!("gives {items} + {fee} - {discount} + {tip} = {total}{}", taxes.collect::<String>())
}
